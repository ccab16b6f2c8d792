"""`edgewright serve`, `edgewright dev` and `edgewright doctor`.

Exit codes: 0 after a clean stop, 1 when something failed, 2 for a command line that makes no sense.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from edgewright.cache.opening import CACHE_DISK_MB, CACHE_MEMORY_MB
from edgewright.cli.admin import admin_address, admin_options
from edgewright.cli.state import IN_ENVIRONMENT, STATE
from edgewright.config.limits import LimitError, Limits
from edgewright.gateway.hosts import Sandbox
from edgewright.origin import parse_origin
from edgewright.supervisor import ServeSettings, run

_PATH = click.Path(path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _services(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in values:
        name, separator, target = value.partition("=")
        if not name or not separator or not target:
            raise click.BadParameter(f"{value!r} is not NAME=TARGET, as in api=https://api.test")
        if name in found:
            raise click.BadParameter(f"there are two services named {name}")
        found[name] = target
    return found


def _origin(_context: click.Context, _parameter: click.Parameter, url: str | None) -> str | None:
    try:
        return None if url is None else parse_origin(url)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _most(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, int]:
    try:
        values = {
            name: int(value) if value.isdecimal() else value
            for name, _, value in (text.partition("=") for text in given)
        }
        Limits.of(values)
    except LimitError as error:
        raise click.BadParameter(str(error)) from error
    return {name: value for name, value in values.items() if isinstance(value, int)}


def _logpush(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """With absolute paths."""
    if not values:
        return ()
    from edgewright.logpush.errors import LogpushError
    from edgewright.logpush.job import read_jobs  # for whoever uses it

    try:
        read_jobs(values)
    except LogpushError as error:
        raise click.BadParameter(str(error)) from error
    return tuple(value if "://" in value else str(Path(value).absolute()) for value in values)


SERVICES = click.option(
    "--service",
    "services",
    multiple=True,
    metavar="NAME=TARGET",
    callback=_services,
    help="What is behind a name that service bindings use, when it is no Worker: "
    "asgi:module:app, an application that runs in the gateway, or the URL of an origin. "
    "Can be given several times.",
)


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    """What both commands take."""
    for decorate in (
        click.option(
            "--max",
            "most",
            metavar="LIMIT=NUMBER",
            multiple=True,
            callback=_most,
            help="The most that a Worker may raise one of its limits to, as in --max cpu_ms=500; "
            "may be given several times. docs/limits.md lists them.",
        ),
        click.option(
            "--outbound",
            type=click.Choice(["any", "public"]),
            default="any",
            show_default=True,
            help="What the Worker may reach: also private addresses and this machine, or public "
            "ones only. Link-local addresses, where clouds have their metadata, it never may.",
        ),
        SERVICES,
        click.option(
            "--upstream",
            metavar="URL",
            callback=_origin,
            help="Origin behind the Worker, as http://host:port: where a request goes whose Worker "
            "throws after ctx.passThroughOnException().",
        ),
        click.option(
            "--sandbox",
            type=click.Choice(["require", "auto", "off"]),
            default="auto",
            show_default=True,
            help="How the processes that run Workers lock themselves in: with every layer or not "
            "at all, with those that this machine has, or not. See `edgewright doctor`.",
        ),
        STATE,
        admin_options,
        click.option(
            "--sentry-dsn",
            metavar="DSN",
            envvar="SENTRY_DSN",
            help="Tell the exceptions of Workers to this project of Sentry.",
        ),
        click.option(
            "--logpush",
            multiple=True,
            metavar="DESTINATION",
            envvar="EDGEWRIGHT_LOGPUSH",
            callback=_logpush,
            help="Where to push the requests of Workers with `logpush = true`: https://…, "
            "s3://BUCKET/…, file:///FOLDER, or a TOML or JSON file with such jobs. Can be given "
            "several times. docs/logpush.md tells more.",
        ),
        IN_ENVIRONMENT,
        click.option(
            "--cache-memory",
            "cache_memory_mb",
            type=click.IntRange(min=1),
            default=CACHE_MEMORY_MB,
            show_default=True,
            metavar="MB",
            help="Room for cached responses in the memory of each gateway.",
        ),
        click.option(
            "--cache-disk",
            "cache_disk_mb",
            type=click.IntRange(min=1),
            default=CACHE_DISK_MB,
            show_default=True,
            metavar="MB",
            help="Room for cached responses on disk, for all gateways together.",
        ),
        click.option(
            "--memory",
            "memory_mb",
            type=click.IntRange(min=1),
            metavar="MB",
            help="What all isolates together may use before idle ones are given up, to be loaded "
            "again by their next request. Half of the machine's memory, if it is not given.",
        ),
        click.option(
            "--port",
            type=click.IntRange(0, 65535),
            default=8787,
            show_default=True,
            help="Port to listen on; 0 takes a free one.",
        ),
        click.option(
            "--host", default="127.0.0.1", show_default=True, help="Address to listen on."
        ),
        click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=_PATH),
    ):
        command = decorate(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="edgewright", message="%(prog)s %(version)s")
def main() -> None:
    """Edgewright runs Workers: JavaScript for the edge, in isolates, on your own machine."""


@main.command()
@_common
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Gateway processes, each with isolates of its own; one per CPU core makes sense.",
)
@click.option("--tls-cert", type=_FILE, help="Certificate chain (PEM); turns TLS on.")
@click.option("--tls-key", type=_FILE, help="Private key (PEM) of the certificate.")
@click.option(
    "--drain",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long requests in flight may take to finish when the server stops.",
)
@click.option(
    "--server-timing",
    is_flag=True,
    help="Let responses tell how they were made, by a Server-Timing header, as always in dev.",
)
def serve(
    paths: tuple[Path, ...],
    host: str,
    port: int,
    workers: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    drain: float,
    most: dict[str, int],
    outbound: str,
    services: dict[str, str],
    upstream: str | None,
    sandbox: Sandbox,
    memory_mb: int | None,
    cache_memory_mb: int,
    cache_disk_mb: int,
    state: Path | None,
    admin: tuple[str, int] | str | None,
    admin_token: str | None,
    admin_token_file: Path | None,
    server_timing: bool,
    logpush: tuple[str, ...],
    sentry_dsn: str | None,
) -> None:
    """Serve the Worker at PATH.

    PATH is a JavaScript module, or a folder or file with a wrangler.toml, wrangler.json or
    wrangler.jsonc. Requests go to the first one; the others are for its service bindings. SIGTERM
    and Ctrl-C let requests in flight finish; a second one does not.
    """
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together.")
    sys.exit(
        run(
            ServeSettings(
                paths=paths,
                host=host,
                port=port,
                workers=workers,
                tls_cert=tls_cert,
                tls_key=tls_key,
                drain=drain,
                most=most,
                outbound=outbound,
                services=services,
                upstream=upstream,
                sandbox=sandbox,
                memory_mb=memory_mb,
                cache_memory_mb=cache_memory_mb,
                cache_disk_mb=cache_disk_mb,
                state=state,
                admin=admin_address(admin, admin_token, admin_token_file, dev=False),
                server_timing=server_timing,
                logpush=logpush,
                sentry_dsn=sentry_dsn,
            )
        )
    )


@main.command()
@_common
@click.option(
    "--live-clock",
    is_flag=True,
    help="Let clocks run while code runs, to measure it. On the platform, and in `serve`, they "
    "stand still between events.",
)
@click.option(
    "--inspect/--no-inspect",
    default=True,
    show_default=True,
    help="Whether Chrome DevTools, or an editor, can be attached to the Worker.",
)
@click.option(
    "--inspector-port",
    type=click.IntRange(0, 65535),
    help="Port on 127.0.0.1 that they attach to; 0 takes a free one. If it is not given: 9229, or "
    "a free one where that is taken.",
)
def dev(
    paths: tuple[Path, ...],
    host: str,
    port: int,
    most: dict[str, int],
    outbound: str,
    services: dict[str, str],
    upstream: str | None,
    live_clock: bool,
    inspect: bool,
    inspector_port: int | None,
    sandbox: Sandbox,
    memory_mb: int | None,
    cache_memory_mb: int,
    cache_disk_mb: int,
    state: Path | None,
    admin: tuple[str, int] | str | None,
    admin_token: str | None,
    admin_token_file: Path | None,
    logpush: tuple[str, ...],
    sentry_dsn: str | None,
) -> None:
    """Run the Worker at PATH while you write it.

    Like serve, with a line for each request, console output and stack traces on the terminal, error
    pages with source lines, and a reload on change that drops no request.
    """
    sys.exit(
        run(
            ServeSettings(
                paths=paths,
                host=host,
                port=port,
                dev=True,
                most=most,
                outbound=outbound,
                services=services,
                upstream=upstream,
                live_clock=live_clock,
                inspect=inspect,
                inspector_port=inspector_port,
                sandbox=sandbox,
                memory_mb=memory_mb,
                cache_memory_mb=cache_memory_mb,
                cache_disk_mb=cache_disk_mb,
                state=state,
                admin=admin_address(admin, admin_token, admin_token_file, dev=True),
                logpush=logpush,
                sentry_dsn=sentry_dsn,
            )
        )
    )


_MARKS = {"ok": ("ok", "green"), "warning": ("note", "yellow"), "missing": ("FAIL", "red")}


@main.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8787, show_default=True, help="Port to try."
)
@click.option("--json", "as_json", is_flag=True, help="Tell it as JSON, for programs.")
def doctor(port: int, as_json: bool) -> None:
    """Look whether this machine can run Workers, and how well it locks them in.

    The exit code is 1 when something is missing that nothing works without.
    """
    from edgewright.doctor import examine  # imports nearly everything, which --help needs not

    checks = asyncio.run(examine(port))
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        for check in checks:
            mark, color = _MARKS[check.status]
            click.echo(f"{click.style(f'{mark:4}', fg=color)}  {check.name}: {check.found}")
            if check.advice:
                click.echo(f"      {check.advice}")
    sys.exit(any(check.status == "missing" for check in checks))
