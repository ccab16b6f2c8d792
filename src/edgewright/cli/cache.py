"""`edgewright cache`: looks into what is cached on this machine, and removes it."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from edgewright.cache.opening import look_into
from edgewright.cache.record import Purge, Record
from edgewright.cache.store import Store, StoreError
from edgewright.cli.state import configuration, folder_of, of_a_worker, run_with

_T = TypeVar("_T")

_ALL = click.option("--all-workers", is_flag=True, help="Of all Workers that have this state.")


def _run(folder: Path, work: Callable[[Store], Awaitable[_T]]) -> _T:
    """Raises ClickException."""
    try:
        return run_with(lambda: look_into(folder), work)
    except StoreError as error:
        raise click.ClickException(f"The cache in {folder} can't be used: {error}") from error


def _worker(config: Path, *, all_workers: bool) -> str | None:
    return None if all_workers else configuration(config).name


@click.group()
def cache() -> None:
    """Look into what is cached, and remove it.

    Gateways that run see at once what is removed.
    """


@cache.command("list")
@click.option("--prefix", default="", metavar="URL", help="Only URLs that begin so.")
@click.option("--json", "as_json", is_flag=True, help="Tell it as JSON, for programs.")
@_ALL
@of_a_worker
def list_(prefix: str, as_json: bool, all_workers: bool, config: Path, state: Path | None) -> None:
    """List the responses that are stored."""
    worker = _worker(config, all_workers=all_workers)

    async def read(store: Store) -> list[Record]:
        found: list[Record] = []
        while page := await store.list(worker, prefix=prefix, after=found[-1].id if found else ""):
            found += page
        return sorted(found, key=lambda record: (record.partition, record.cache, record.url))

    records = _run(folder_of(state, config), read)
    now = time.time()
    if as_json:
        click.echo(json.dumps([_described(record, now) for record in records], indent=2))
        return
    for record in records:
        left = record.fresh_until - now
        freshness = f"fresh for {left:.0f} s" if left > 0 else f"stale since {-left:.0f} s"
        tags = f"  [{', '.join(record.tags)}]" if record.tags else ""
        # A Worker may call a cache anything.
        name = record.cache if record.cache.isprintable() else ascii(record.cache)
        whose = f"{record.partition} {name}  "
        size = f"{record.size} bytes"
        click.echo(f"{whose}{record.url}  {record.status}  {size}  {freshness}{tags}")


def _described(record: Record, now: float) -> dict[str, Any]:
    return {
        "worker": record.partition,
        "cache": record.cache,
        "url": record.url,
        "status": record.status,
        "size": record.size,
        "age": int(now - record.born),
        "freshFor": int(record.fresh_until - now),
        "tags": record.tags,
        "vary": record.vary[::2],
    }


@cache.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option("--prefix", "prefixes", multiple=True, metavar="URL", help="URLs that begin so.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Responses that have the tag.")
@click.option("--everything", is_flag=True, help="All of them.")
@_ALL
@of_a_worker
def purge(
    urls: tuple[str, ...],
    prefixes: tuple[str, ...],
    tags: tuple[str, ...],
    everything: bool,
    all_workers: bool,
    config: Path,
    state: Path | None,
) -> None:
    """Remove responses: of some URLs, by the beginning of their URL, by tag, or all.

    What was asked for before that, and has not come yet, is not stored either.
    """
    if not (urls or prefixes or tags or everything):
        raise click.UsageError("Say what to remove: URLs, --prefix, --tag or --everything.")
    what = Purge(
        partition=_worker(config, all_workers=all_workers),
        urls=[url.partition("#")[0] for url in urls],
        prefixes=list(prefixes),
        tags=[tag.lower() for tag in tags],
        everything=everything,
    )
    removed = _run(folder_of(state, config), lambda store: store.purge(what))
    click.echo(f"Removed {removed} response{'' if removed == 1 else 's'}.")


@cache.command()
@of_a_worker
def stat(config: Path, state: Path | None) -> None:
    """Tell how full the cache is, of all Workers together."""
    usage = _run(folder_of(state, config), lambda store: store.usage())
    click.echo(f"responses  {usage.entries}")
    click.echo(f"bytes      {usage.bytes}")
    if usage.most_bytes:
        click.echo(f"room       {usage.most_bytes} ({usage.bytes / usage.most_bytes:.1%} full)")
