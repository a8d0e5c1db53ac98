"""CarRacing-v3 for playhead: how to teach it an environment that nobody here wrote."""
