"""Recordings to batches: windows by time, splits, balance, augmentation, loading. Knows storage, and no network.

A batch is a dictionary of named tensors, never one image:

    "frames" or the views a network prepares from them   uint8   (B, T, height, width, channels)
    every telemetry column asked for                     float32 (B, T)
    "labels"    head -> what to answer                   (B, columns) float32, or int64 for a choice
    "previous"  head -> the state one frame earlier      (B, columns) likewise
    "rows"      which windows of the index these are     int64   (B,)

Shape legend of this package: N windows, B windows of a batch, T frames of a window, S steps of a track,
A columns of a head, H height, W width, C channels.
"""
