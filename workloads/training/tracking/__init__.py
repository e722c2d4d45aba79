"""Where the measurements of a training are kept."""
