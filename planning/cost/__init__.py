"""What a resource graph costs, an hour and a month: by resource, component, pool and stack."""
