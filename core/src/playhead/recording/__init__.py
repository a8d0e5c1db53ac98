"""A drive into a recording: who drives, who teaches, what disturbs, what is written. Knows no network."""
