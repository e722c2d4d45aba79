"""Any Pulumi program, evaluated in process into one resource graph."""
