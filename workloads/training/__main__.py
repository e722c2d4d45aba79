"""`python -m aidc.workloads.training --config RECIPE_OR_FILE`, started by torchrun or alone."""

import argparse
import os
import sys
from collections.abc import Sequence

from ...problems import InvalidInput
from ..programs import TRAINING
from .outcomes import FAILED, NONFINITE, UNSAVED, WRONG, BrokenSamples, CheckpointFailed, ExportFailed, NonfiniteLoss
from .progress import Shown


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the command line says; return the exit code (see `outcomes`)."""
    given = _parser().parse_args(arguments)
    rank = os.environ.get("RANK", "0")
    first = rank == "0"
    try:
        return _train(given.config, given.set, given.progress)
    except BrokenSamples as broken:
        # Each process reads its own part: no other one can say it.
        return _end(f"process {rank}: {broken}", WRONG)
    except InvalidInput as invalid:
        # All processes find the same; one of them says it.
        return _end(str(invalid) if first else None, WRONG)
    except NonfiniteLoss as error:
        return _end(str(error) if first else None, NONFINITE)
    except CheckpointFailed as error:
        return _end(str(error) if first else None, UNSAVED)
    except ExportFailed as error:
        return _end(str(error), FAILED)
    except ModuleNotFoundError as error:
        return _end(f"{error}; `pip install 'aidc[training]'` installs what training needs", FAILED)


def _train(config: str, overrides: Sequence[str], shown: Shown) -> int:
    from .recipes import read_training

    settings = read_training(config, overrides)
    from .listeners import listening
    from .parallel.processes import join
    from .run import train

    with join() as processes, listening(settings, processes, shown) as events:
        try:
            return train(settings, processes, events)
        except Exception as error:
            events.tell("failed", reason=f"{type(error).__name__}: {error}")
            raise


def _end(message: str | None, code: int) -> int:
    if message is not None:
        print(f"error: {message}", file=sys.stderr, flush=True)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {TRAINING.module}", description="Train a model.")
    parser.add_argument("--config", required=True, metavar="RECIPE_OR_FILE", help="name of a recipe, or a YAML file")
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="replace one setting, such as steps=100"
    )
    parser.add_argument(
        "--progress",
        choices=("auto", "bar", "lines"),
        default="auto",
        help="a bar, JSON lines, or what fits the terminal (default)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
