"""Pokémon for playhead: a console that is emulated, and a homebrew game in the spirit of the genre."""
