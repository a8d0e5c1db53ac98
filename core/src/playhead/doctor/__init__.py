"""Whether this machine, a game's window and keyboard do what recording and playing need. One file a check."""
