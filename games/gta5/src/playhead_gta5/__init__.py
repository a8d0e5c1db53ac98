"""Grand Theft Auto V for playhead: drive where the minimap says."""
