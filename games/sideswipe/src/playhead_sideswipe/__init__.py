"""Rocket League Sideswipe for playhead: which car is it?"""
