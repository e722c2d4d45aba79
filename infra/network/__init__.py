"""The network of a data center on AWS: zones, subnets, gateways, endpoints."""
