"""`edgewright check`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import click

from edgewright.cli.commands import SERVICES
from edgewright.observe.terminal import printable

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or a list of objects for programs.",
)
@SERVICES
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
def check(paths: tuple[Path, ...], services: dict[str, str], form: str) -> None:
    """Look through the Worker at PATH for what goes wrong later.

    PATH is as for serve; several are Workers that are served together. Starts them, to see whether
    they do, and reads their code for state that requests share, needless waiting and forgotten
    promises (docs/check.md).

    The exit code is 0 when there is nothing but notes, 1 when there is more, 2 when there is
    nothing that could be checked.
    """
    from edgewright.check.check import CheckError
    from edgewright.check.check import check as check_workers
    from edgewright.check.problem import as_json, as_text, summary

    try:
        problems = asyncio.run(check_workers(paths, services))
    except CheckError as error:
        click.echo(f"Error: {printable(str(error))}", err=True)
        sys.exit(2)
    if form == "json":
        click.echo(json.dumps([as_json(problem) for problem in problems], indent=2))
    else:
        for problem in problems:
            title, kind = problem.place.title, problem.severity
            rest = as_text(problem)[len(title) + len(kind) :]
            coloured = click.style(kind, fg=_COLOURS[kind], bold=True)
            click.echo(f"{printable(title)}{coloured}{printable(rest)}")
        click.echo(summary(problems))
    sys.exit(any(problem.severity != "note" for problem in problems))
