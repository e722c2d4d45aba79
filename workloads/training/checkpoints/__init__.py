"""Checkpoints of a training: asynchronous, atomic, verified; on a file system or in an object store."""
