"""`edgewright trace ID`: what one request did, from a server that still remembers it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from datetime import datetime
from pathlib import Path

import click
import msgspec

from edgewright.gateway.ask import AskClient, ask_folder
from edgewright.gateway.user_socket import UserSocketError
from edgewright.observe.spans import Span
from edgewright.observe.stack import Sources
from edgewright.observe.terminal import Painter, one_line, printable, terminal_width, wants_colour
from edgewright.observe.views import RequestDetail, SpanView
from edgewright.observe.waterfall import drawn

_PATIENCE = 10.0
"""Seconds that a gateway has to answer."""


@click.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Tell it as JSON, for programs.")
def trace(id: str, as_json: bool) -> None:
    """Show what a request waited for, and what ran in parallel.

    ID is its trace's (as in traceparent, Server-Timing and `edgewright tail --format json`), the
    ray of an error page, or what the dashboard shows. Of every `dev`, and every `serve` with
    --admin, that runs on this machine as the same user; these remember their last requests.
    """
    found = asyncio.run(_find(id.lower()))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        click.echo(_told(found))


async def _find(id: str) -> RequestDetail:
    """Raises ClickException."""
    try:
        sockets = sorted(ask_folder().glob("*.sock"))
    except UserSocketError as error:
        raise click.ClickException(str(error)) from error
    answers = await asyncio.gather(*(_ask(path, id) for path in sockets))
    if not any(there for there, _ in answers):
        raise click.ClickException(
            "no server here remembers requests: start `edgewright serve` with --admin, or `dev`"
        )
    found = [detail for _, detail in answers if detail is not None]
    if not found:
        raise click.ClickException(
            f"no request {id} is remembered: only the last ones are, and of many only some"
        )
    return min(found, key=lambda detail: detail.request.time)


async def _ask(path: Path, id: str) -> tuple[bool, RequestDetail | None]:
    """Whether there is a gateway, and what it knows."""
    try:
        async with asyncio.timeout(_PATIENCE):
            client = await AskClient.open(path)
            try:
                return True, await client.request(id)
            finally:
                client.close()
    except (ConnectionRefusedError, FileNotFoundError):
        with contextlib.suppress(OSError):
            os.unlink(path)  # left by one that was killed
        return False, None
    except OSError:
        return False, None


def _told(detail: RequestDetail) -> str:
    paint = Painter(wants_colour(sys.stdout))
    request = detail.request
    at = datetime.fromtimestamp(request.time).strftime("%H:%M:%S")
    fine = paint("green" if request.outcome == "ok" else "red", one_line(request.outcome))
    figures = f"cpu {request.cpu_ms:.1f} ms, {request.subrequests} subrequests"
    lines = [
        f"{paint('dim', at)} {one_line(request.method)} {one_line(request.url)} "
        f"{request.status or '-'} {fine} {request.wall_ms:.1f} ms {paint('dim', f'({figures})')}"
    ]
    if detail.trace is not None:
        lines += drawn(_span(detail.trace), width=terminal_width(sys.stdout), paint=paint, all=True)
    sources = Sources()  # the files are the server's business
    for advice in detail.advice:
        lines.append(f"  {paint('yellow', '!')} {one_line(advice.text)}")
        if advice.at:
            lines.append(f"    {paint('bold', sources.locate(one_line(', '.join(advice.at))))}")
    for log in detail.logs:
        when = paint("dim", f"{log.at_ms:.1f} ms")
        lines.append(f"  ({one_line(log.level)}) {one_line(log.message)} {when}")
    for error in detail.exceptions:
        lines.append(f"  {paint('red', one_line(f'{error.name}: {error.message}'))}")
        lines += [f"    {line}" for line in printable(sources.locate(error.stack)).splitlines()[1:]]
    if detail.truncated:
        lines.append("  More happened than is kept.")
    return "\n".join(lines)


def _span(view: SpanView) -> Span:
    return Span(
        view.kind,
        view.name,
        view.start_ms / 1000,
        view.end_ms / 1000,
        attributes=view.attributes,
        children=[_span(child) for child in view.children],
        error=view.error,
    )
