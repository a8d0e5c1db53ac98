"""A drive into a recording: who drives, who teaches, what noise is added, what is written. Knows no network."""
