"""Reusable components of an AI data center."""
