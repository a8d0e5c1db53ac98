"""Three scenarios of ViZDoom for playhead: a game of 1993 in three dimensions that nobody here wrote."""
