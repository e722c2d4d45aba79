"""The command line as whole processes: start-up and plan, minimum, median and maximum of several runs.

`python benchmarks/commands.py [--repeat 7] [--json]`, from the project's root.
"""

import argparse
import json
import statistics
import subprocess
import sys
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


def measure(command: list[str], repeat: int) -> dict[str, float]:
    subprocess.run(command, check=True, capture_output=True)
    seconds = []
    for _ in range(repeat):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    return {"minimum": min(seconds), "median": statistics.median(seconds), "maximum": max(seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = {name: measure(command, arguments.repeat) for name, command in COMMANDS.items()}
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    for name, seconds in found.items():
        print(f"{name:28}" + "  ".join(f"{kind} {value:.3f} s" for kind, value in seconds.items()))


if __name__ == "__main__":
    main()
