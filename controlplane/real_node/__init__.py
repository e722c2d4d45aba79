"""A node that really runs its pods, in namespaces of its own on this machine."""
