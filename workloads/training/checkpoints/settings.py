"""Settings of checkpoints."""

from typing import Annotated

from pydantic import Field

from ...settings import Settings, Unit


class CheckpointSettings(Settings):
    """Where a training keeps its state, how often, and how much of it."""

    location: Annotated[str, Field(min_length=1)] | None = None
    """Folder, or an address that fsspec knows, such as `s3://bucket/run`. Default: that in CHECKPOINT_PATH; without it,
    no checkpoints are kept."""

    interval: Annotated[int, Field(ge=1), Unit("steps")] = 500
    """Steps between checkpoints, and so the steps that a failure may cost. The last step is always kept. Default: 500;
    docs/checkpoints.md has the formula for the best interval."""

    keep: Annotated[int, Field(ge=1), Unit("checkpoints")] = 3
    """Newest complete checkpoints that are kept; older ones are removed. Default: 3."""

    asynchronous: bool = True
    """Whether training goes on while a copy of its state, in the memory of the host, is written. Default: true."""

    failures: Annotated[int, Field(ge=0), Unit("checkpoints")] = 3
    """Checkpoints in a row that may fail, for want of space or of a connection; training reports each and goes on. One
    more ends it, and so does a last one that fails. Default: 3."""

    timeout: Annotated[float, Field(gt=0, le=86_400), Unit("seconds")] = 1_800
    """Seconds that a process waits for the others in a checkpoint before it gives up. Default: 1,800."""
