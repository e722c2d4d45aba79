"""`aidc schema`: the JSON Schema of the settings."""

import typer


def schema() -> None:
    """Print the JSON Schema of the settings, for editors and checks of Pulumi.ENV.yaml."""
    import json

    from ..stacks.settings import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))
