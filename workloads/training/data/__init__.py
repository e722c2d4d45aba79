"""What a training learns from, cut into batches."""
