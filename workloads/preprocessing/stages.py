"""The tasks of each stage as Ray runs them: plain data in, plain data out, work in files."""

from typing import Any

from .duplicates import Bucket, find_duplicates, join_clusters
from .partitions import Partition
from .preparing import prepare
from .removal import decide_removal
from .settings import PreprocessingSettings
from .shards import Shard, write_aside, write_shard
from .storage import Folder


def prepare_task(item: dict[str, Any]) -> dict[str, Any]:
    """Prepare a partition."""
    return prepare(Partition.of(item["partition"]), _settings(item), Folder(item["work"]))


def duplicates_task(item: dict[str, Any]) -> dict[str, Any]:
    """Find the duplicates of a bucket."""
    return find_duplicates(Bucket(**item["bucket"]), item["partitions"], Folder(item["work"]))


def clusters_task(item: dict[str, Any]) -> dict[str, Any]:
    """Join near duplicates into clusters."""
    return join_clusters(item["buckets"], Folder(item["work"]))


def removal_task(item: dict[str, Any]) -> dict[str, Any]:
    """Decide what goes of a partition."""
    return decide_removal(
        item["index"], item["partition"], item["exact"], item["near"], item["column"], Folder(item["work"])
    )


def shard_task(item: dict[str, Any]) -> dict[str, Any]:
    """Write a shard."""
    return write_shard(Shard.of(item["shard"]), _settings(item), Folder(item["work"]), Folder(item["output"]))


def aside_task(item: dict[str, Any]) -> dict[str, Any]:
    """Write what a partition put aside."""
    return write_aside(item["partition"], item["starts"], Folder(item["work"]), Folder(item["output"]))


def _settings(item: dict[str, Any]) -> PreprocessingSettings:
    return PreprocessingSettings.model_validate_json(item["settings"])
