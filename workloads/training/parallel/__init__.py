"""A model over many processes: data, sharded, tensor and pipeline parallelism on one device mesh."""
