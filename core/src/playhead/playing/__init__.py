"""A run plays the game: frames to a window, answers to keys, and out again when it is stuck. Knows no storage."""
