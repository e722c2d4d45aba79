"""Training: models on data, alone or on many accelerators."""
