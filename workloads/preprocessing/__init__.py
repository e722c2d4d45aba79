"""Raw data made ready for training: cleaned, deduplicated, converted, measured and stored as Parquet shards."""
