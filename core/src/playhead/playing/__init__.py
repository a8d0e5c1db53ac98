"""A run plays the game: frames to a window, predictions to keys, out again when stuck. Knows no storage."""
