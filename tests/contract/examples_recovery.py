"""Inputs of backups, copies and recovery sites. Data only."""

_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_FAR_KEY = "arn:aws:kms:us-west-2:123456789012:key/0987dcba-09fe-87dc-65ba-ab0987654321"
_BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
_LOCK = {"minimum_days": 7, "maximum_days": 400, "grace_days": 3}

EXAMPLES = {
    "BackupPlan": [
        {
            "encryption_key": _KEY,
            "schedules": {
                "hourly": {"cron": "0 * * * ? *", "delete_after_days": 14, "is_continuous": True},
                "monthly": {
                    "cron": "0 3 1 * ? *",
                    "delete_after_days": 365,
                    "cold_storage_after_days": 30,
                    "copy_to": "arn:aws:backup:us-west-2:123456789012:backup-vault:west",
                    "copy_delete_after_days": 90,
                    "start_window_minutes": 120,
                    "completion_window_minutes": 600,
                },
            },
            "selection_tags": {"backup": "daily"},
            "resources": {"home": "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-0123456789abcdef0"},
            "vault_lock": _LOCK,
            "time_zone": "Europe/Zurich",
            "region": "us-east-1",
            "permissions_boundary": _BOUNDARY,
            "protect": True,
        },
        {"encryption_key": _KEY, "selection_tags": {"backup": "daily"}},
    ],
    "BucketReplication": [
        {
            "source_bucket_arn": "arn:aws:s3:::prod-checkpoints",
            "source_key": _KEY,
            "destination_bucket_arn": "arn:aws:s3:::prod-checkpoints-west",
            "destination_key": _FAR_KEY,
            "destination_region": "us-west-2",
            "prefixes": ["final/", "runs/"],
            "delete_markers": False,
            "within_15_minutes": True,
            "storage_class": "STANDARD_IA",
            "region": "us-east-1",
            "permissions_boundary": _BOUNDARY,
        },
    ],
    "RecoverySite": [
        {
            "buckets": {
                "checkpoints": {
                    "bucket": "prod-checkpoints-west",
                    "old_versions_days": 30,
                    "archive_after_days": 30,
                },
                "models": {},
            },
            "storage_key": _FAR_KEY,
            "backup_key": _FAR_KEY,
            "vault_lock": _LOCK,
            "access_log_bucket": "prod-access-logs-west",
            "region": "us-west-2",
            "protect": True,
        },
        {"buckets": {"checkpoints": {}}},
    ],
    "Velero": [
        {
            "cluster_name": "prod",
            "bucket": "prod-backups",
            "encryption_key": _KEY,
            "prefix": "clusters/prod",
            "schedules": {
                "nightly": {
                    "cron": "30 4 * * *",
                    "keep_hours": 168,
                    "namespaces": ["research", "serving"],
                    "excluded_namespaces": ["kube-system"],
                },
            },
            "snapshots": True,
            "volume_keys": [_KEY],
            "namespace": "velero",
            "region": "us-east-1",
            "permissions_boundary": _BOUNDARY,
        },
    ],
}
