"""Inputs of nodes on EC2. Data only."""

_NODES = {
    "cluster_name": "prod",
    "node_role_name": "prod-node",
    "ami_family": "bottlerocket",
    "gpu_software": "ami",
    "volume_gib": 500,
    "volume_iops": 6000,
    "volume_throughput_mibps": 500,
    "encryption_key": "arn:aws:kms:us-east-1:123456789012:key/0f1e2d3c-0000-1111-2222-333344445555",
    "instance_store": True,
    "efa": True,
    "max_pods": 110,
    "prefix_delegation": True,
    "detailed_monitoring": True,
    "tags": {"team": "research"},
}

EXAMPLES = {
    "Ec2NodeClass": [
        {"aws": {"cluster_name": "prod"}},
        {
            "aws": {
                **_NODES,
                "ami_release": "1.66.0",
                "instance_profile": "prod-node",
                "placement_group_name": "research",
                "capacity_reservations": ["cr-0123456789abcdef0"],
                "capacity_reservation_tags": {"team": "research"},
                "subnets": {"us-east-1a": "subnet-0123456789abcdef0"},
                "security_group_ids": ["sg-0123456789abcdef0"],
            },
            "node_class": "h100",
            "instance_types": ["p5.48xlarge"],
            "zones": ["us-east-1a"],
            "time_slicing_replicas": 4,
        },
        {"aws": {"cluster_name": "prod"}, "instance_types": ["p4d.24xlarge"], "mig_profile": "1g.5gb"},
    ],
}
