"""Flows over networks: where they go, and what bounds them."""
