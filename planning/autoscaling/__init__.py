"""Policies that set a number of replicas, and their replay over traces: pure functions of what was observed."""
