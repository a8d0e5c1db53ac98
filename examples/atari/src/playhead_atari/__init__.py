"""Three games of the Atari 2600 for playhead: emulated, not imitated, and nobody here wrote them."""
