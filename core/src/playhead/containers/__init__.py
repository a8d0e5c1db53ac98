"""Opens files of others: one file a format, each bounded and obeying nothing that a file says.

Only the file that was named is opened, nothing is written beside it, and what cannot be read is Damaged or
Mismatch with the true reason. What each format may hold and what becomes of it: docs/formats.md. Nothing here
knows games, recordings or devices, so that importers of any game and captures share it.
"""
