"""The Crew 2 for playhead: drive a circuit as fast as it safely can be driven."""
