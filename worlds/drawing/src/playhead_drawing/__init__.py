"""Pictures of four-cornered faces, drawn in software by Panda3D: no GPU, no display. Knows no world, no game."""
