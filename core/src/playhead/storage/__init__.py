"""Recordings on disk: a Zarr v3 group each, as docs/recording-format.md says. Only this folder knows."""
