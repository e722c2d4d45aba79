"""Typed settings and the data center that they compose."""
