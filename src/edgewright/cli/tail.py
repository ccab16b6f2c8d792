"""`edgewright tail`: what the Workers of this machine are at, live.

https://developers.cloudflare.com/workers/wrangler/commands/#tail
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import click
import msgspec

from edgewright.gateway.tail import tail_folder
from edgewright.gateway.user_socket import UserSocketError
from edgewright.observe.tail_filter import Status, TailFilter
from edgewright.observe.terminal import Painter, one_line, wants_colour

_LONGEST_LINE = 64 << 20


@click.command()
@click.argument("worker", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["pretty", "json"]),
    help="How events are told: for a person, or as lines of JSON. pretty on a terminal, else json.",
)
@click.option(
    "--status",
    type=click.Choice(["ok", "error", "canceled"]),
    multiple=True,
    help="How the request ended; may be given several times.",
)
@click.option("--method", multiple=True, help="The request's method; may be given several times.")
@click.option("--ip", multiple=True, help="The client's address; may be given several times.")
@click.option("--header", metavar="NAME[:VALUE]", help="A header that the request has.")
@click.option("--search", metavar="TEXT", help="What a console message or an exception holds.")
@click.option(
    "--sampling-rate",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="The part of the requests that is shown.",
)
def tail(
    worker: str | None,
    form: str | None,
    status: tuple[str, ...],
    method: tuple[str, ...],
    ip: tuple[str, ...],
    header: str | None,
    search: str | None,
    sampling_rate: float,
) -> None:
    """Show requests to WORKER, or to all, as they end.

    Of every `serve` and `dev` that runs on this machine as the same user. Ends when they do.
    """
    chosen = TailFilter(
        worker=worker,
        status=cast(list[Status], list(status)),
        method=[each.upper() for each in method],
        ip=list(ip),
        header=header,
        search=search,
        sampling_rate=sampling_rate,
    )
    pretty = form == "pretty" if form else sys.stdout.isatty()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_tail(chosen, pretty=pretty))


async def _tail(chosen: TailFilter, *, pretty: bool) -> None:
    try:
        sockets = sorted(tail_folder().glob("*.sock"))
    except UserSocketError as error:
        raise click.ClickException(str(error)) from error
    following = [asyncio.create_task(_follow(path, chosen, pretty=pretty)) for path in sockets]
    if not any(await asyncio.gather(*following)):
        raise click.ClickException("nothing serves Workers here: start `edgewright serve` or `dev`")


async def _follow(path: Path, chosen: TailFilter, *, pretty: bool) -> bool:
    """Until the gateway ends; whether there was one."""
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=_LONGEST_LINE)
    except (ConnectionRefusedError, FileNotFoundError):
        with contextlib.suppress(OSError):
            os.unlink(path)  # left by one that was killed
        return False
    writer.write(msgspec.json.encode(chosen) + b"\n")
    greeted = False
    with contextlib.suppress(OSError):
        while line := await reader.readline():
            if greeted:
                _show(line, pretty=pretty)
            else:
                greeted = True
                click.echo("Tailing …", err=True)
    writer.close()
    return greeted


def _show(line: bytes, *, pretty: bool) -> None:
    event: dict[str, Any] = json.loads(line)
    if "missed" in event:
        click.echo(f"{event['missed']} requests came too fast to be shown.", err=True)
    elif pretty:
        click.echo(_pretty(event))
    else:
        sys.stdout.write(line.decode())
        sys.stdout.flush()


def _pretty(event: dict[str, Any]) -> str:
    paint = Painter(wants_colour(sys.stdout))
    method, url = _what_came(event["event"])
    outcome = event["outcome"]
    at = datetime.fromtimestamp(event["eventTimestamp"] / 1000).strftime("%H:%M:%S")
    status = event["event"].get("response", {}).get("status", "-")
    times = f"{event['wallTime']:.1f} ms, cpu {event['cpuTime']:.1f} ms"
    lines = [
        f"{paint('dim', at)} {one_line(method)} {one_line(url)} {status} "
        f"{paint('green' if outcome == 'ok' else 'red', outcome)} {paint('dim', times)}"
    ]
    lines += [
        f"  ({one_line(log['level'])}) {one_line(str(log['message'][0]))}" for log in event["logs"]
    ]
    for error in event["exceptions"]:
        lines.append(f"  {paint('red', one_line(error['name'] + ': ' + error['message']))}")
    lines += [f"  {paint('yellow', '!')} {one_line(a['text'])}" for a in event.get("advice", [])]
    return "\n".join(lines)


def _what_came(event: dict[str, Any]) -> tuple[str, str]:
    """Method and URL, or what stands for them."""
    match event:
        case {"request": {"method": str(method), "url": str(url)}}:
            return method, url
        case {"rpcMethod": str(method)}:
            return "RPC", method
        case _:
            workers = {each["scriptName"] for each in event["consumedEvents"]}
            return "TAIL", ", ".join(sorted(workers))
