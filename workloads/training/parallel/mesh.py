"""The processes as one mesh: pipeline x data x sharded x tensor."""

from typing import Final, cast

import torch.distributed as distributed
from torch.distributed import ProcessGroup
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from .processes import Processes
from .settings import Sizes

DIMENSIONS: Final = ("pipeline", "data", "sharded", "tensor")
"""From the outermost to the innermost: neighbours of `tensor` talk most, so they have consecutive ranks."""


class Mesh:
    """This process's place among the others."""

    def __init__(self, sizes: Sizes, processes: Processes) -> None:
        """Make the groups of processes; every process must."""
        shape = (sizes.pipeline, sizes.data, sizes.sharded, sizes.tensor)
        self.sizes = sizes
        self._mesh = init_device_mesh(processes.device.type, shape, mesh_dim_names=DIMENSIONS)
        self.stage: int = self._mesh.get_local_rank("pipeline")
        self.ends = self._join_ends() if sizes.pipeline > 1 else None
        """The processes that have the first and the last stage of the same pipeline."""

    def __getitem__(self, dimensions: str | tuple[str, ...]) -> DeviceMesh:
        """Return the mesh of some dimensions, at this process's place in the others."""
        return self._mesh[dimensions]

    def group(self, dimension: str) -> ProcessGroup:
        """Return the processes along a dimension that this one is among."""
        return self._mesh.get_group(dimension)

    @property
    def data_rank(self) -> int:
        """Which part of the batch this process reads."""
        return self._mesh.get_local_rank("data") * self.sizes.sharded + self._mesh.get_local_rank("sharded")

    @property
    def data_size(self) -> int:
        """Parts of the batch."""
        return self.sizes.data * self.sizes.sharded

    @property
    def first_stage(self) -> bool:
        """Whether this process has the first layers."""
        return self.stage == 0

    @property
    def last_stage(self) -> bool:
        """Whether this process has the last layers."""
        return self.stage == self.sizes.pipeline - 1

    @property
    def first_of_stage(self) -> bool:
        """Whether this is the first of the processes that have the same layers."""
        return all(self._mesh.get_local_rank(each) == 0 for each in DIMENSIONS[1:])

    def _join_ends(self) -> ProcessGroup | None:
        grid = self._mesh.mesh.flatten(1)
        mine: ProcessGroup | None = None
        for column in range(grid.shape[1]):
            ends = [int(grid[0, column]), int(grid[-1, column])]
            group = distributed.new_group(ends)
            if distributed.get_rank() in ends:
                mine = cast(ProcessGroup, group)
        return mine
