"""What an index of tensors may be made of: whatever else a file names is refused before it is loaded."""

import io
import pickle

import pytest
from torch.distributed.checkpoint.metadata import _MEM_FORMAT_ENCODING, TensorProperties

from aidc.workloads.training.checkpoints.reading import _Index


class Reached:
    """Pickled as getattr(owner, name), as Python up to 3.11.3 does with members of enumerations."""

    def __init__(self, owner, name):
        self.owner, self.name = owner, name

    def __reduce__(self):
        return getattr, (self.owner, self.name)


def read(value):
    return _Index(io.BytesIO(pickle.dumps(value))).load()


def test_members_of_enumerations_are_read_as_every_python_writes_them():
    member = _MEM_FORMAT_ENCODING.TORCH_CONTIGUOUS_FORMAT
    assert read(Reached(_MEM_FORMAT_ENCODING, member.name)) is member
    assert read(member) is member


@pytest.mark.parametrize("name", ["__class__", "mro", "__members__", "NO_SUCH_FORMAT"])
def test_nothing_else_is_reached_by_that_way(name):
    with pytest.raises(pickle.UnpicklingError, match="does not belong"):
        read(Reached(_MEM_FORMAT_ENCODING, name))
    with pytest.raises(pickle.UnpicklingError, match="does not belong"):
        read(Reached(TensorProperties, "__init__"))


def test_functions_are_refused():
    with pytest.raises(pickle.UnpicklingError, match="does not belong"):
        read(print)
