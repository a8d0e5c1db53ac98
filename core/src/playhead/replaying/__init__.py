"""Recorded inputs sent again, as timed: how faithfully, how late, and whether the same is seen."""
