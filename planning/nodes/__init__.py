"""The nodes and machines of a program: its pools, what fits on them, and what they come to."""
