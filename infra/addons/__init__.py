"""What a cluster needs beside Kubernetes: drivers, controllers, operators, as a declared graph."""
