"""What can be known before anything is built: pure functions of figures, graphs and traces, without Pulumi."""
