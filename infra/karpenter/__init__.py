"""Karpenter on AWS: its controller, its identity, its interruption queue."""
