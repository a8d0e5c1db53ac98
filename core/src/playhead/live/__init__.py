"""The live system: collectors, balanced buffers, a trainer, a player and a page, all at once.

Plain classes, and one module (rooms.py) that gives each of them a process of its own.
"""
