"""Inputs of storage. Data only."""

_KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
_NETWORK = {"vpc_id": "vpc-0123456789abcdef0", "node_security_group_id": "sg-0123456789abcdef0"}

EXAMPLES = {
    "AccessLogBucket": [
        {},
        {"sources": ["s3", "application-load-balancer"], "retention_days": 90, "bucket": "logs", "protect": False},
    ],
    "BlockStorageClass": [
        {},
        {
            "is_default": True,
            "encryption_key": _KEY,
            "iops": 6000,
            "throughput": 500,
            "reclaim_policy": "Retain",
            "snapshots": True,
        },
    ],
    "DatasetVolume": [
        {"namespace": "ai", "size": "1Ti", "nfs": {"server": "nfs", "path": "/data", "mount_options": ["hard"]}},
        {"namespace": "ai", "size": "1Ti", "host_path": "/mnt/data", "subpath": "imagenet", "claim_name": "imagenet"},
        {
            "namespace": "ai",
            "size": "1Ti",
            "clone_of": {"claim": "images", "storage_class": "fast"},
            "protect": False,
        },
        {
            "namespace": "ai",
            "size": "1Ti",
            "s3": {"bucket": "data", "authentication": "pod", "region": "us-east-1", "cache_size": "100Gi"},
            "subpath": "imagenet",
        },
        {
            "namespace": "ai",
            "size": "1Ti",
            "fsx": {
                "file_system_id": "fs-0123456789abcdef0",
                "dns_name": "fs-0123456789abcdef0.fsx.us-east-1.amazonaws.com",
                "mount_name": "abcdefgh",
                "mount_options": ["flock"],
            },
            "subpath": "imagenet",
        },
    ],
    "ObjectStore": [
        {
            "namespace": "ai",
            "kind": "bucket-claim",
            "endpoint": "http://s3.storage.svc",
            "storage_class": "ceph-bucket",
            "maximum_size": "10Ti",
            "maximum_objects": 1000000,
            "protect": False,
        },
        {
            "namespace": "ai",
            "kind": "existing",
            "endpoint": "https://s3.example.org",
            "bucket": "models",
            "region": "us-east-1",
            "credentials": {"access_key_id": "example", "secret_access_key": "not a real key"},
        },
        {
            "namespace": "ai",
            "kind": "existing",
            "endpoint": "https://s3.example.org",
            "credentials_secret": "keys",
        },
        {"namespace": "ai", "kind": "s3"},
        {
            "namespace": "ai",
            "kind": "s3",
            "s3": {
                "encryption_key": _KEY,
                "versioning": True,
                "noncurrent_days": 14,
                "abort_uploads_days": 3,
                "lifecycle": {"old": {"prefix": "runs/", "transitions": {"GLACIER_IR": 60}, "expiration_days": 400}},
                "archive_tiers": {"archive_days": 90, "deep_archive_days": 180, "prefix": "raw/"},
                "object_lock": {"mode": "GOVERNANCE", "days": 3},
                "access_log_bucket": "logs",
                "event_bridge": True,
                "workloads": {
                    "trainer": {"access": "read-write", "namespace": "ai", "prefix": "runs/"},
                    "servers": {"access": "read", "namespace": "serving", "service_account": "workload"},
                },
                "cluster_name": "prod",
                "permissions_boundary": "arn:aws:iam::123456789012:policy/boundary",
            },
        },
    ],
    "SharedFilesystem": [
        {"namespace": "ai", "size": "1Ti", "backend": "storage-class", "storage_class": "shared"},
        {"namespace": "ai", "size": "1Ti", "backend": "nfs", "nfs": {"server": "nfs", "path": "/data"}},
        {
            "namespace": "ai",
            "size": "1Ti",
            "backend": "host-path",
            "host_path": "/mnt/shared",
            "claim_name": "scratch",
            "protect": False,
        },
        {
            "namespace": "ai",
            "size": "4800Gi",
            "backend": "fsx-lustre",
            "fsx": {
                **_NETWORK,
                "subnet_id": "subnet-0123456789abcdef0",
                "throughput": 250,
                "encryption_key": _KEY,
                "compression": True,
                "metadata_iops": 6000,
                "data_repositories": {
                    "data": {
                        "bucket": "data",
                        "prefix": "imagenet",
                        "path": "/imagenet",
                        "import_events": ["NEW", "CHANGED"],
                        "export_events": ["NEW"],
                        "import_existing": True,
                    }
                },
                "log_retention_days": 30,
                "log_encryption_key": _KEY,
                "maintenance_start": "7:03:00",
                "mount_options": ["flock"],
            },
        },
        {
            "namespace": "ai",
            "size": "1200Gi",
            "backend": "fsx-lustre",
            "fsx": {
                **_NETWORK,
                "subnet_id": "subnet-0123456789abcdef0",
                "throughput": 125,
                "backup_retention_days": 30,
            },
        },
        {
            "namespace": "ai",
            "size": "1Ti",
            "backend": "efs",
            "efs": {
                **_NETWORK,
                "subnet_ids": {"us-east-1a": "subnet-0123456789abcdef0"},
                "encryption_key": _KEY,
                "infrequent_access_days": 14,
                "archive_days": 90,
                "backups": True,
                "directory": "/home",
                "user_id": 65532,
                "group_id": 65532,
                "permissions": "0770",
                "mount_roles": ["arn:aws:iam::123456789012:role/prod-node"],
            },
        },
    ],
}
