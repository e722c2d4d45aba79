"""Inputs of the network on AWS. Data only."""

_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

EXAMPLES = {
    "Network": [
        {
            "cidr": "10.0.0.0/16",
            "zones": ["us-east-1a", "us-east-1b", "us-east-1c"],
            "pod_cidr": "100.64.0.0/16",
            "nat": "one",
            "nat_zone": "us-east-1b",
            "dual_stack": True,
            "cluster_name": "prod",
            "gateway_endpoints": ["s3", "s3express"],
            "interface_endpoints": ["ecr.api", "ecr.dkr"],
            "flow_logs": "reject",
            "flow_log_retention": 731,
            "encryption_key": _KEY,
            "permissions_boundary": "arn:aws:iam::123456789012:policy/boundary",
        },
        {"cidr": "172.20.0.0/18", "zones": ["eu-west-1a", "eu-west-1b"], "pod_cidr": "none", "fully_private": True},
    ],
}
