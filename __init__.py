"""Declare whole AI data centers with Pulumi, and know that they work before they are deployed."""

__version__ = "0.1.0"
