"""What the commands do, as functions: record, train, evaluate, play and observe, free of click and of printing.

`playhead.record(...)` is `playhead.sessions.recording.record`; the command of the same name parses, calls it and
prints. Imports everything below, and nothing below imports it.
"""
