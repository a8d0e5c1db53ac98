"""Batches to a run: recipes, the Lightning module, losses, training methods. Knows nothing of playing."""
