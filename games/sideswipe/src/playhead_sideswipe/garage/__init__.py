"""The garage that stands in for the game's: cars, what they wear, and the room around them. See world.py."""
