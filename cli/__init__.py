"""The command line: `aidc`, one module a command. Heavy imports wait until a command runs."""

import sys

import typer

from ..problems import InvalidInput
from .allocate import allocate
from .check import check
from .down import down
from .plan import plan
from .render import render
from .schedule import schedule
from .schema import schema
from .serve import serve
from .simulate import simulate
from .status import status
from .train import train
from .up import up

_HELP = "Declare AI data centers, and know that they work before they are deployed."

# Plain help: drawing it in colours takes longer than everything else that `aidc --help` does.
app = typer.Typer(
    name="aidc",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=_HELP,
)
app.command(short_help="Show what an environment would make, want and provide.")(plan)
app.command(short_help="Compare what an environment needs with what is there.")(check)
app.command(short_help="Write an environment's Kubernetes manifests, for GitOps.")(render)
app.command(short_help="Print the JSON Schema of the settings.")(schema)
app.command(short_help="Deploy an environment to a simulated cluster of this machine.")(up)
app.command(short_help="Show what runs where in a simulated cluster.")(status)
app.command(short_help="Remove a simulated cluster without a trace.")(down)
app.command(short_help="Find the cheapest node pools that meet a demand.")(allocate)
app.command(short_help="Show how jobs fit on nodes, and which settings suit them.")(schedule)
app.command(short_help="Replay a load against policies that scale.")(simulate)
app.command(short_help="Train a model on this machine.")(train)
app.command(short_help="Serve an exported model on this machine.")(serve)


def _show_version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        typer.echo(f"aidc {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version and stop."
    ),
) -> None:
    """Take what stands before the command."""


def main() -> None:
    """Run a command. Exit code 2: what was asked is wrong; 1: it failed; 130: interrupted."""
    try:
        app(prog_name="aidc")
    except InvalidInput as invalid:
        _fail(str(invalid), 2)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except RuntimeError as error:
        _fail_known(error)


def _fail_known(error: RuntimeError) -> None:
    from ..evaluation import EvaluationError

    if not isinstance(error, EvaluationError):
        raise error
    _fail(str(error), 1)


def _fail(message: str, code: int) -> None:
    typer.echo(f"error: {message}", err=True)
    sys.exit(code)
