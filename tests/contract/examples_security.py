"""Inputs of keys, trails, threat detection, guards and secrets. Data only."""

_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

EXAMPLES = {
    "EncryptionKey": [
        {
            "purpose": "volumes",
            "alias": "prod/volumes",
            "region": "us-east-1",
            "deletion_window_days": 30,
            "rotation_days": 180,
            "multi_region": True,
            "creates_auto_scaling_role": True,
            "protect": True,
        },
        {"purpose": "backup", "region": "us-west-2", "replica_of": _KEY},
    ],
    "AccountGuards": [
        {
            "block_public_buckets": True,
            "block_public_images": True,
            "encrypt_volumes": True,
            "volume_key": _KEY,
            "require_metadata_tokens": True,
            "region": "us-east-1",
        },
    ],
    "AuditTrail": [
        {
            "encryption_key": _KEY,
            "trail_name": "prod",
            "region": "us-east-1",
            "retention_days": 730,
            "archive_after_days": 90,
            "cloudwatch_retention_days": 90,
            "data_event_buckets": ["arn:aws:s3:::prod-checkpoints"],
            "insights": True,
            "access_log_bucket": "prod-access-logs",
            "protect": True,
        },
    ],
    "PermissionsBoundary": [
        {
            "regions": ["us-east-1", "us-west-2"],
            "policy_name": "prod-boundary",
            "more_services": ["sagemaker"],
            "protect": False,
        },
    ],
    "SecretStore": [
        {
            "secrets": {
                "hub-token": {
                    "description": "Token of the model hub; the serving team fills it",
                    "namespaces": ["research", "serving"],
                    "recovery_window_days": 7,
                    "replica_regions": {"us-west-2": _KEY},
                },
            },
            "encryption_key": _KEY,
            "path": "prod",
            "cluster_store": True,
            "refresh_interval": "30m",
            "region": "us-east-1",
            "protect": True,
        },
    ],
    "ThreatDetection": [
        {
            "encryption_key": _KEY,
            "features": ["eks-audit-logs", "runtime-monitoring"],
            "manages_agent": True,
            "minimum_severity": 7,
            "email_addresses": ["platform@example.com"],
            "region": "us-east-1",
            "protect": True,
        },
        {"encryption_key": _KEY, "existing_detector": "12abc34d567e8fa901bc2d34e56789f0"},
    ],
}
