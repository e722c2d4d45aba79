"""Links between directories of a Lustre file system and S3."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import is_known
from ...problems import Problems

if TYPE_CHECKING:
    from pulumi_aws.fsx import DataRepositoryAssociation, LustreFileSystem

MAXIMUM_DATA_REPOSITORIES: Final = 8
"""Links of one file system: https://docs.aws.amazon.com/fsx/latest/LustreGuide/create-dra-linked-data-repo.html"""

_EVENTS: Final = ("NEW", "CHANGED", "DELETED")
_PATH: Final = re.compile(r"/|(/[^/\s]+)+")


class DataRepository(TypedDict):
    """A directory of the file system that shows the objects of a bucket."""

    bucket: pulumi.Input[str]
    """Name of the bucket, in the same region."""

    prefix: NotRequired[str]
    """Beginning of the keys, such as `imagenet`. Default: the whole bucket."""

    path: str
    """Directory of the file system, such as `/datasets`, or `/` for all of it. No other link may be above or below
    it."""

    import_events: NotRequired[list[str]]
    """Which changes of objects appear as files by themselves: `NEW`, `CHANGED`, `DELETED`. Default: all three."""

    export_events: NotRequired[list[str]]
    """Which changes of files are written to the bucket by themselves: `NEW`, `CHANGED`, `DELETED`. Default: none,
    which leaves the bucket as it is."""

    import_existing: NotRequired[bool]
    """Whether the objects that are there when the link is made appear at once. Default: true."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DataRepositoryPlan:
    """A link with every default applied."""

    key: str
    bucket: pulumi.Input[str]
    prefix: str
    path: str
    import_events: tuple[str, ...]
    export_events: tuple[str, ...]
    import_existing: bool

    @property
    def uri(self) -> pulumi.Output[str]:
        """The address of the objects."""
        return pulumi.Output.concat("s3://", self.bucket, f"/{self.prefix}/" if self.prefix else "")


def plan_data_repositories(
    problems: Problems, repositories: Mapping[str, DataRepository]
) -> tuple[DataRepositoryPlan, ...]:
    """Check the links of a file system, and return them sorted by key."""
    if len(repositories) > MAXIMUM_DATA_REPOSITORIES:
        problems.add(
            "",
            f"{len(repositories)} links are too many; give {MAXIMUM_DATA_REPOSITORIES} or fewer, each for a longer "
            "prefix, or a second file system",
        )
    planned: list[DataRepositoryPlan] = []
    for key, repository in sorted(repositories.items()):
        with problems.under(key):
            planned.append(_plan(problems, key, repository))
    for index, one in enumerate(planned):
        for other in planned[:index]:
            if _is_below(one.path, other.path) or _is_below(other.path, one.path):
                problems.add(f"{one.key}.path", f"'{one.path}' overlaps '{other.path}' of {other.key}; give another")
            same = isinstance(one.bucket, str) and is_known(one.bucket) and one.bucket == other.bucket
            if same and one.prefix == other.prefix:
                problems.add(f"{one.key}.prefix", f"the same objects as {other.key}; give another prefix or bucket")
    return tuple(planned)


def create_data_repositories(
    name: str,
    planned: tuple[DataRepositoryPlan, ...],
    file_system: "LustreFileSystem",
    opts: pulumi.ResourceOptions,
) -> list["DataRepositoryAssociation"]:
    """Make the links. Deleting one deletes neither files nor objects."""
    from pulumi_aws import fsx

    made: list[fsx.DataRepositoryAssociation] = []
    for plan in planned:
        policies: Any = {
            f"auto_{way}_policy": {"events": list(events)}
            for way, events in (("import", plan.import_events), ("export", plan.export_events))
            if events
        }
        made.append(
            fsx.DataRepositoryAssociation(
                f"{name}-{plan.key}",
                file_system_id=file_system.id,
                file_system_path=plan.path,
                data_repository_path=plan.uri,
                batch_import_meta_data_on_create=plan.import_existing,
                delete_data_in_filesystem=False,
                s3=policies or None,
                opts=opts,
            )
        )
    return made


def _plan(problems: Problems, key: str, repository: DataRepository) -> DataRepositoryPlan:
    path, prefix = repository["path"], repository.get("prefix", "")
    if not _PATH.fullmatch(path) or ".." in path.split("/"):
        problems.add("path", f"'{path}' is no directory of the file system; write it like /datasets")
    bucket = repository["bucket"]
    if isinstance(bucket, str) and is_known(bucket) and (not bucket or "/" in bucket):
        problems.add("bucket", f"'{bucket}' is not a bucket's name; give the name alone, and a prefix")
    if prefix.startswith("/") or prefix.startswith("s3:"):
        problems.add("prefix", f"'{prefix}' is no beginning of a key; write it like imagenet/train")
    events: dict[str, tuple[str, ...]] = {}
    for name, default in (("import_events", _EVENTS), ("export_events", ())):
        given = repository.get("import_events" if name == "import_events" else "export_events", default)
        path_of = "importEvents" if name == "import_events" else "exportEvents"
        for index, event in enumerate(given):
            problems.choice(f"{path_of}[{index}]", event, _EVENTS)
        events[name] = tuple(event for event in _EVENTS if event in given)
    return DataRepositoryPlan(
        key=key,
        bucket=bucket,
        prefix=prefix.strip("/"),
        path=path,
        import_events=events["import_events"],
        export_events=events["export_events"],
        import_existing=repository.get("import_existing", True),
    )


def _is_below(path: str, other: str) -> bool:
    return f"{path.rstrip('/')}/".startswith(f"{other.rstrip('/')}/")
