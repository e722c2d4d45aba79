"""Inputs of the add-ons of a cluster. Data only."""

_ZONE = "arn:aws:route53:::hostedzone/Z0123456789"
_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234"

EXAMPLES = {
    "ClusterAddons": [
        {
            "cluster_name": "prod",
            "region": "us-east-1",
            "vpc_id": "vpc-0123",
            "addons": {"aws-load-balancer-controller": {}, "kueue": {}, "kubeflow-trainer": {}},
        },
        {
            "cluster_name": "prod",
            "region": "us-east-1",
            "vpc_id": "vpc-0123",
            "addons": {
                "aws-mountpoint-s3-csi-driver": {
                    "bucket_arns": ["arn:aws:s3:::corpus"],
                    "writable_bucket_arns": ["arn:aws:s3:::checkpoints"],
                    "encryption_keys": [_KEY],
                },
                "external-dns": {"hosted_zone_arns": [_ZONE], "domains": ["ai.example.com"]},
                "external-secrets": {"secret_prefix": "prod/", "encryption_keys": [_KEY]},
                "keda": {
                    "version": "2.20.1",
                    "values": {"clusterDomain": "ai.example.com"},
                    "statements": [
                        {
                            "sid": "ReadQueue",
                            "actions": ["sqs:GetQueueAttributes"],
                            "resources": ["arn:aws:sqs:us-east-1:123456789012:requests"],
                        }
                    ],
                },
                "kube-prometheus-stack": {"storage_class": "gp3", "storage_size": "100Gi"},
                "nvidia-device-plugin": {"time_slicing_replicas": [4]},
            },
            "gpu_software": "ami",
            "ami_family": "al2023",
            "isolated_network": False,
            "kubernetes_version": "1.36",
            "managed_addons": ["metrics-server"],
            "identity_method": "service-account",
            "oidc_provider_arn": "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC",
            "oidc_issuer": "https://oidc.eks.us-east-1.amazonaws.com/id/ABC",
            "permissions_boundary": "arn:aws:iam::123456789012:policy/boundary",
        },
    ],
}
