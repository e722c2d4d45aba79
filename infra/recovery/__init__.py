"""Backups and the way back from them."""
