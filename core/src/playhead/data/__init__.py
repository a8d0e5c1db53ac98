"""Recordings to batches: windows by time, splits, balance, augmentation, loading. Knows storage, and no network.

A batch is a dictionary of named tensors, never one image:

    pictures, as the views a network prepares from them  uint8   (B, T, height, width, channels)
    telemetry and other columns, past actions            float32 (B, T), (B, T, columns)
    "labels"    head -> what to answer                   (B, L, columns) float32, or int64 for a choice
    "previous"  head -> the state one frame earlier      (B, L, columns) likewise
    "mask"      head -> which labels are known           bool    (B, L)
    "rows"      which windows of the index these are     int64   (B,)

Each input has moments of its own, T of them; a window is answered at L of its moments, mostly at one.
Shape legend of this package: N windows, B windows of a batch, T moments of an input, L positions of labels,
S steps of a track, A columns of a head, H height, W width, C channels.
"""
