"""How training is started: the same arguments on this machine and in a pod."""

from collections.abc import Iterable

from ..programs import STORE_OF_EACH_START, TRAINING


def arguments(config: str, overrides: Iterable[str] = ()) -> list[str]:
    """Return what follows `torchrun`: the module, the recipe or file, and each override `path=value`.

    torchrun finds its own settings (nodes, processes, rendezvous) in its PET_ environment variables.
    """
    found = [*TRAINING.arguments, "--config", config]
    for override in overrides:
        found += ["--set", override]
    return found


def environment(processes: int, cores: int, restarts: int) -> dict[str, str]:
    """Return torchrun's settings for this machine alone; a pod has the same ones, for its nodes.

    Args:
        processes: Processes that train.
        cores: Cores of the machine, which the processes share.
        restarts: Failures after which the processes are started again.
    """
    return {
        "PET_NNODES": "1:1",
        "PET_NPROC_PER_NODE": str(processes),
        "PET_RDZV_BACKEND": "c10d",
        # Any free port, so that two trainings can run beside each other.
        "PET_RDZV_ENDPOINT": "localhost:0",
        "PET_RDZV_ID": "aidc",
        "PET_MAX_RESTARTS": str(restarts),
        **STORE_OF_EACH_START,
        # torchrun kills processes that are not done when this time is over; it counts less than the program's notice.
        "PET_SHUTDOWN_TIMEOUT": "120",
        "OMP_NUM_THREADS": str(max(1, cores // processes)),
    }
