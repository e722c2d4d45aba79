"""What the tests of every room share."""

import asyncio
import os
import signal

import pytest

pytest_plugins = ["aidc.evaluation.testing"]

# A shell without job control has its background processes ignore SIGINT, and their children inherit that; tests that
# interrupt a command must not depend on how they were started.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Workers of pytest share the cores: in each of them torch's threads would wait for cores that the others have. And they
# are told a width of the terminal, which what is tested would take for one.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.pop("COLUMNS", None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give a file to one worker, since its tests share what they make, and all that have a real node to the same one:
    a machine has one such node at a time that its routes lead to."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "real node" if "/test_real_" in file and "integration" in file else file

    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


# Never closed: what a test leaves pending in it would be an error of whichever test comes last.
_LOOP = asyncio.new_event_loop()


@pytest.fixture(autouse=True)
def _has_event_loop() -> None:
    """Outputs need an event loop of their thread, and `asyncio.run` leaves none behind in what ran before."""
    asyncio.set_event_loop(_LOOP)
