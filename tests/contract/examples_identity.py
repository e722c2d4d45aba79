"""Inputs of the identities of workloads. Data only."""

_READ = {
    "sid": "ReadData",
    "actions": ["s3:GetObject"],
    "resources": ["arn:aws:s3:::data/*"],
    "conditions": {"StringEquals": {"aws:ResourceAccount": "123456789012"}},
}
_DESCRIBE = {
    "sid": "DescribeInstances",
    "actions": ["ec2:DescribeInstances"],
    "resources": ["*"],
    "why": "EC2 has no finer resource for Describe actions",
}

EXAMPLES = {
    "WorkloadIdentity": [
        {
            "cluster_name": "prod",
            "namespace": "research",
            "service_account": "trainer",
            "statements": [_READ, _DESCRIBE],
            "role_name": "prod-research-trainer",
            "permissions_boundary": "arn:aws:iam::123456789012:policy/boundary",
        },
        {
            "cluster_name": "prod",
            "namespace": "research",
            "service_account": "trainer",
            "statements": [_READ],
            "method": "service-account",
            "oidc_provider_arn": "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC",
            "oidc_issuer": "https://oidc.eks.us-east-1.amazonaws.com/id/ABC",
        },
    ],
}
