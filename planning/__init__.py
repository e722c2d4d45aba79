"""Pure planning: hardware catalog, capacity, scaling arithmetic."""
