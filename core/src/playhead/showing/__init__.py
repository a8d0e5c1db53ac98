"""A game's world in a window of its own, driven with real keys. Knows no recording, no network, no capture."""
