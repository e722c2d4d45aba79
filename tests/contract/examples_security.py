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
}
