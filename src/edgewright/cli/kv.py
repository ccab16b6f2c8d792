"""`edgewright kv`: looks into the KV namespaces of this machine, with Wrangler's names.

https://developers.cloudflare.com/kv/reference/kv-commands/
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from edgewright.bindings.binding import OperationError
from edgewright.bindings.kv import rules
from edgewright.bindings.kv.sqlite import SqliteStore
from edgewright.bindings.kv.store import Entry, Key
from edgewright.cli.kv_namespaces import id_of_binding, namespace_group, run_on_store
from edgewright.cli.state import folder_of, of_a_worker

_T = TypeVar("_T")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class _Namespace:
    """Which one a command is about, and where it is."""

    id: str
    folder: Path

    def run(self, work: Callable[[SqliteStore], Awaitable[_T]]) -> _T:
        """Raises ClickException."""
        return run_on_store(self.folder, work)


def _of_a_namespace(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which namespace it is; the command gets a _Namespace."""

    def with_namespace(
        binding: str | None,
        namespace_id: str | None,
        preview: bool,
        config: Path,
        state: Path | None,
        **others: Any,
    ) -> Any:
        if (binding is None) == (namespace_id is None):
            raise click.UsageError("Give one of --binding and --namespace-id.")
        folder = folder_of(state, config)
        id = namespace_id or id_of_binding(binding or "", config, preview=preview)
        return command(_Namespace(id, folder), **others)

    with_namespace.__doc__ = command.__doc__
    with_namespace.__name__ = command.__name__
    with_namespace.__click_params__ = list(getattr(command, "__click_params__", []))  # type: ignore[attr-defined]
    for decorate in (
        click.option("--preview", is_flag=True, help="The namespace of `dev`, by its preview_id."),
        click.option("--namespace-id", metavar="ID", help="The namespace, by its id."),
        click.option("--binding", metavar="NAME", help="The namespace, by its name in `env`."),
    ):
        with_namespace = decorate(with_namespace)
    return of_a_worker(with_namespace)


@click.group()
def kv() -> None:
    """Look into KV namespaces and change what they hold."""


kv.add_command(namespace_group)


# --- One key --------------------------------------------------------------------------------------


@kv.group()
def key() -> None:
    """Values, one by one."""


@key.command("put")
@click.argument("key")
@click.argument("value", required=False)
@click.option("--path", type=_FILE, help="Take the value from a file.")
@click.option("--ttl", type=int, metavar="SECONDS", help="How long it lives; 60 at least.")
@click.option("--expiration", type=int, metavar="SECONDS", help="When it ends, since 1970.")
@click.option("--metadata", metavar="JSON", help="What is to stand beside the value.")
@_of_a_namespace
def put(
    namespace: _Namespace,
    key: str,
    value: str | None,
    path: Path | None,
    ttl: int | None,
    expiration: int | None,
    metadata: str | None,
) -> None:
    """Write VALUE, or the contents of a file, under KEY."""
    if (value is None) == (path is None):
        raise click.UsageError("Give one of VALUE and --path.")
    content = path.read_bytes() if path else (value or "").encode()
    compact = None if metadata is None else _compact(metadata)
    item = _Item(key, content, expiration, ttl, compact)
    namespace.run(lambda store: store.put(namespace.id, _entries([item])))
    what = f"the contents of {path}" if path else f'the value "{value}"'
    beside = "" if metadata is None else f' with metadata "{metadata}"'
    click.echo(f'Writing {what} to key "{key}" on namespace {namespace.id}{beside}.')


@key.command("get")
@click.argument("key")
@click.option("--text", is_flag=True, help="Print it as UTF-8, with a line end.")
@_of_a_namespace
def get(namespace: _Namespace, key: str, text: bool) -> None:
    """Print the value of KEY as it is."""
    (entry,) = namespace.run(lambda store: store.get(namespace.id, [key]))
    if entry is None:
        raise click.ClickException("Value not found")
    if text:
        click.echo(entry.value.decode("utf-8", "replace"))
    else:
        click.echo(entry.value, nl=False)


@key.command("list")
@click.option("--prefix", default="", help="Only keys that begin with this.")
@_of_a_namespace
def list_(namespace: _Namespace, prefix: str) -> None:
    """Print the keys as JSON, with what stands beside their values."""

    async def all_keys(store: SqliteStore) -> list[Key]:
        keys: list[Key] = []
        while page := await store.list(namespace.id, prefix, keys[-1].name if keys else "", 1000):
            keys += page
        return keys

    click.echo(json.dumps([_shown(key) for key in namespace.run(all_keys)], indent=2))


@key.command("delete")
@click.argument("key")
@_of_a_namespace
def delete(namespace: _Namespace, key: str) -> None:
    """Remove KEY."""
    click.echo(f'Deleting the key "{key}" on namespace {namespace.id}.')
    namespace.run(lambda store: store.delete(namespace.id, [key]))


# --- Many keys ------------------------------------------------------------------------------------


@kv.group()
def bulk() -> None:
    """Many values at once, by a JSON file."""


class _BulkItem(msgspec.Struct):
    key: str
    value: str
    expiration: int | None = None
    expiration_ttl: int | None = None
    metadata: msgspec.Raw = msgspec.Raw(b"null")
    base64: bool = False


@bulk.command("put")
@click.argument("file", type=_FILE)
@_of_a_namespace
def bulk_put(namespace: _Namespace, file: Path) -> None:
    """Write what FILE holds: a list of objects with key and value, and perhaps expiration,
    expiration_ttl, metadata, base64. All of it is written, or nothing."""
    items = _read(file, list[_BulkItem])
    entries = _entries([_item(item) for item in items])
    namespace.run(lambda store: store.put(namespace.id, entries))
    click.echo("Success!")


@bulk.command("get")
@click.argument("file", type=_FILE)
@_of_a_namespace
def bulk_get(namespace: _Namespace, file: Path) -> None:
    """Print the values of the keys that FILE lists, as JSON."""
    keys = _read(file, list[str])
    found = namespace.run(lambda store: store.get(namespace.id, keys))
    values = {
        key: {"value": None if entry is None else entry.value.decode("utf-8", "replace")}
        for key, entry in zip(keys, found, strict=True)
    }
    click.echo(json.dumps(values, indent=2, ensure_ascii=False))


@bulk.command("delete")
@click.argument("file", type=_FILE)
@click.option("--force", "-f", is_flag=True, help="Don't ask.")
@_of_a_namespace
def bulk_delete(namespace: _Namespace, file: Path, force: bool) -> None:
    """Remove the keys that FILE lists."""
    keys = _read(file, list[str])
    question = (
        f'Are you sure you want to delete all the keys read from "{file}" from kv-namespace with '
        f'id "{namespace.id}"?'
    )
    if not force and not click.confirm(question):
        click.echo(f'Not deleting keys read from "{file}".')
        return
    namespace.run(lambda store: store.delete(namespace.id, keys))
    click.echo("Success!")


# --- From and to JSON -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Item:
    key: str
    value: bytes
    expiration: int | None
    ttl: int | None
    metadata: str | None


def _item(item: _BulkItem) -> _Item:
    try:
        value = base64.b64decode(item.value, validate=True) if item.base64 else item.value.encode()
    except binascii.Error as error:
        raise click.ClickException(f'The value of "{item.key}" is no Base64.') from error
    metadata = bytes(item.metadata).decode()
    compact = None if metadata == "null" else _compact(metadata)
    return _Item(item.key, value, item.expiration, item.expiration_ttl, compact)


def _entries(items: list[_Item]) -> dict[str, Entry]:
    """What may be kept, by the platform's rules. Raises ClickException."""
    entries: dict[str, Entry] = {}
    try:
        for item in items:
            rules.check_key("PUT", item.key)
            rules.check_metadata(item.metadata)
            if (refused := rules.value_too_large(len(item.value))) is not None:
                raise refused
            expires = rules.expiration(time.time(), item.expiration, item.ttl)
            entries[item.key] = Entry(item.value, item.metadata, expires)
    except OperationError as error:
        raise click.ClickException(str(error)) from error
    return entries


def _compact(text: str) -> str:
    """JSON as a Worker writes it."""
    try:
        return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    except ValueError as error:
        raise click.ClickException(f"The metadata is no JSON: {error}") from error


def _shown(key: Key) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": key.name}
    if key.expiration is not None:
        shown["expiration"] = key.expiration
    if key.metadata is not None:
        shown["metadata"] = json.loads(key.metadata)
    return shown


def _read(file: Path, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise click.ClickException(f'Unexpected JSON input from "{file}": {error}') from error
