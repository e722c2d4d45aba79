"""Jobs onto GPU nodes: exact, and by heuristics that are measured beside it."""
