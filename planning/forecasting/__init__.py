"""Probabilistic forecasts of load, from its history alone."""
