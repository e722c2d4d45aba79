"""The command line as whole processes: start-up and plan, minimum, median and maximum of several runs.

`python benchmarks/commands.py [--repeat 7] [--json]`, from the project's root.

Compiled modules are kept, as an installation keeps them, whatever the shell says about that; they are made by one run
that is not counted and is shown as `first`. `processor` is the processor's time of the quickest run: unlike the time on
the clock it hardly depends on what else the machine does. The bounds of the project are 0.3 s for `--help` and 1.5 s
for the plan of `local`, on the clock.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

AIDC = str(Path(sys.executable).with_name("aidc"))
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "python -c 'import pulumi'": [sys.executable, "-c", "import pulumi"],
    "aidc --help": [AIDC, "--help"],
    "aidc plan local": [AIDC, "plan", "local"],
    "aidc plan prod": [AIDC, "plan", "prod"],
}


def measure(command: list[str], repeat: int, environment: dict[str, str]) -> dict[str, float]:
    first, _ = run(command, environment)
    runs = [run(command, environment) for _ in range(repeat)]
    seconds = [on_clock for on_clock, _ in runs]
    return {
        "minimum": min(seconds),
        "median": statistics.median(seconds),
        "maximum": max(seconds),
        "processor": min(processor for _, processor in runs),
        "first": first,
    }


def run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    found: dict[str, dict[str, float]] = {}
    for name, command in COMMANDS.items():
        with tempfile.TemporaryDirectory() as compiled:
            found[name] = measure(command, arguments.repeat, kept | {"PYTHONPYCACHEPREFIX": compiled})
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    for name, seconds in found.items():
        print(f"{name:28}" + "  ".join(f"{kind} {value:.3f} s" for kind, value in seconds.items()))


if __name__ == "__main__":
    main()
