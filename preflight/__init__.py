"""Checks of an account before anything is made in it."""
