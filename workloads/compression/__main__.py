"""`python -m aidc.workloads.compression --model FOLDER --method int8|prune|distill --output FOLDER`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ...problems import InvalidInput

DESCRIPTION = """Make an exported model smaller, and export it again; the inference server serves either.
int8: weights and products of 8 bits (GPT-2, on CPUs). prune: without the least heads and neurons, or with the least
weights set to 0. distill: a smaller model, that of a training recipe, learns from it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Compress as the command line says; return the exit code: 2 where the input cannot be used."""
    given = _parser().parse_args(arguments)
    try:
        from .command import compress

        print(compress(given))
    except InvalidInput as invalid:
        print(f"error: {invalid}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        print(f"error: {error}; `pip install 'aidc[training]'` installs what compression needs", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m aidc.workloads.compression", description=DESCRIPTION)
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER", help="exported model")
    parser.add_argument("--method", choices=("int8", "prune", "distill"), required=True)
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="where the result is exported")
    pruning = parser.add_argument_group("prune")
    pruning.add_argument("--share", type=float, default=0.25, help="share that is pruned (default: 0.25)")
    pruning.add_argument("--weights", action="store_true", help="prune single weights, not heads and neurons")
    distillation = parser.add_argument_group("distill")
    distillation.add_argument("--config", metavar="RECIPE_OR_FILE", help="training of the smaller model")
    distillation.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="replace one of its settings"
    )
    distillation.add_argument(
        "--student",
        type=Path,
        metavar="FOLDER",
        help="exported model that learns, such as a pruned one; else a new one",
    )
    distillation.add_argument("--temperature", type=float, default=2.0, help="of the soft targets (default: 2)")
    distillation.add_argument("--weight", type=float, default=0.5, help="share of the soft targets (default: 0.5)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
