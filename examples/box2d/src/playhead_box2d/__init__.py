"""Gymnasium's LunarLander and BipedalWalker for playhead, driven by gymnasium's own heuristics."""
