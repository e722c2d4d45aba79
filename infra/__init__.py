"""What the components stand on: providers, versions, images."""
