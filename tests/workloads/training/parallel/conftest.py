import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest


class Crew:
    """Workers that train; see crew.py."""

    def __init__(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "TORCH_CPP_LOG_LEVEL": "ERROR"}
        environment.pop("CHECKPOINT_PATH", None)
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("crew.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def run(self, log: Path, arguments: list[str], sizes: tuple[int, ...], **more: Any) -> dict[str, Any]:
        """Run workers, `sizes` of them at the first start, the second and so on; return how it ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {"log": str(log), "arguments": arguments, "sizes": sizes, **more}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


@pytest.fixture(scope="session")
def crew() -> Generator[Crew]:
    made = Crew()
    yield made
    made.close()
