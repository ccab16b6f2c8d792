"""`edgewright kv namespace`: which namespaces there are, and what they are called.

https://developers.cloudflare.com/workers/wrangler/commands/#kv-namespace
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import sys
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import TypeVar

import click

from edgewright.bindings.binding import OperationError, StateError
from edgewright.bindings.bindings import namespace_id
from edgewright.bindings.kv.sqlite import SqliteStore
from edgewright.bindings.kv.titles import Titles
from edgewright.cli.state import configuration, folder_of, of_a_worker, run_with
from edgewright.config import WorkerConfig
from edgewright.config.binding_config import KVNamespace

LONGEST_TITLE = 512
"""The platform's, in characters."""

_T = TypeVar("_T")


def run_on_store(folder: Path, work: Callable[[SqliteStore], Awaitable[_T]]) -> _T:
    """Raises ClickException."""
    try:
        return run_with(lambda: SqliteStore(folder), work)
    except (StateError, OperationError) as error:
        raise click.ClickException(str(error)) from error


def id_of_binding(binding: str, config: Path, *, preview: bool) -> str:
    """Of the namespace that a binding leads to. Raises ClickException."""
    found = _namespaces_of(configuration(config)).get(binding)
    if found is None:
        raise click.ClickException(f"A namespace with binding name {binding} was not found.")
    return namespace_id(found, preview=preview)


@click.group("namespace")
def namespace_group() -> None:
    """The namespaces themselves."""


@namespace_group.command("list")
@of_a_worker
def list_(config: Path, state: Path | None) -> None:
    """Print the namespaces that the Worker has, those that were created, and those that hold
    anything, as JSON."""
    titles = _titles(configuration(config), folder_of(state, config))
    click.echo(json.dumps([{"id": id, "title": title} for id, title in titles.items()], indent=2))


@namespace_group.command("create")
@click.argument("namespace")
@click.option("--preview", is_flag=True, help="For `dev`: the configuration has its preview_id.")
@of_a_worker
def create(namespace: str, preview: bool, config: Path, state: Path | None) -> None:
    """Make a namespace, and print what the configuration needs for it."""
    worker, folder = configuration(config), folder_of(state, config)
    environment = f"{worker.environment}-" if worker.environment else ""
    title = f"{environment}{namespace}{'_preview' if preview else ''}"
    _check_new(title, _titles(worker, folder))
    click.echo(f'Creating namespace with title "{title}"')
    id = secrets.token_hex(16)
    with _open_titles(folder) as kept:
        kept.put(id, title)
    where = f" under [env.{worker.environment}]" if worker.environment else ""
    click.echo("Success!")
    click.echo(
        "To access your new KV Namespace in your Worker, add the following snippet to your "
        f"configuration file{where}:"
    )
    key = "preview_id" if preview else "id"
    click.echo(_snippet(worker, {"binding": _binding_name(namespace), key: id}))


@namespace_group.command("delete")
@click.argument("namespace", required=False)
@click.option("--binding", metavar="NAME", help="The namespace, by its name in `env`.")
@click.option("--namespace-id", metavar="ID", help="The namespace, by its id.")
@click.option("--preview", is_flag=True, help="The namespace of `dev`, by its preview_id.")
@click.option("--skip-confirmation", "--yes", "-y", is_flag=True, help="Don't ask.")
@of_a_worker
def delete(
    namespace: str | None,
    binding: str | None,
    namespace_id: str | None,
    preview: bool,
    skip_confirmation: bool,
    config: Path,
    state: Path | None,
) -> None:
    """Remove a namespace, given by its title or an option, with all that it holds."""
    if sum(each is not None for each in (namespace, binding, namespace_id)) != 1:
        raise click.UsageError("Give one of NAMESPACE, --binding and --namespace-id.")
    folder = folder_of(state, config)
    titles = _titles(configuration(config), folder)
    if binding is not None:
        id = id_of_binding(binding, config, preview=preview)
    elif namespace is not None:
        id = _id_of_title(namespace, titles)
    else:
        id = _known(namespace_id or "", titles)
    question = f"Are you sure you want to delete KV namespace {id} and all that it holds?"
    if not skip_confirmation and sys.stdin.isatty() and not click.confirm(question):
        click.echo(f"Not deleting KV namespace {id}.")
        return
    click.echo(f"Deleting KV namespace {id}.")
    run_on_store(folder, lambda store: store.clear(id))
    with _open_titles(folder) as kept:
        kept.remove(id)
    click.echo(f"Deleted KV namespace {id}.")


@namespace_group.command("rename")
@click.argument("old_name", required=False)
@click.option("--namespace-id", metavar="ID", help="The namespace, by its id.")
@click.option("--new-name", required=True, metavar="NAME", help="Its title from now on.")
@of_a_worker
def rename(
    old_name: str | None,
    namespace_id: str | None,
    new_name: str,
    config: Path,
    state: Path | None,
) -> None:
    """Give a namespace another title. Its id stays, and with it all that Workers see."""
    if (old_name is None) == (namespace_id is None):
        raise click.UsageError("Give one of OLD_NAME and --namespace-id.")
    folder = folder_of(state, config)
    titles = _titles(configuration(config), folder)
    if old_name is not None:
        id = _id_of_title(old_name, titles)
    else:
        id = _known(namespace_id or "", titles)
    if titles[id] != new_name:
        _check_new(new_name, titles)
    click.echo(f'Renaming KV namespace {id} to "{new_name}".')
    with _open_titles(folder) as kept:
        kept.put(id, new_name)
    click.echo(f'Successfully renamed namespace to "{new_name}"')


# --- Titles ---------------------------------------------------------------------------------------


def _titles(worker: WorkerConfig, folder: Path) -> dict[str, str]:
    """Of all namespaces, by their ids. Raises ClickException."""
    titles: dict[str, str] = {}
    for name, binding in _namespaces_of(worker).items():
        titles[binding.id] = f"{worker.name}-{name}"
        if binding.preview_id is not None:
            titles.setdefault(binding.preview_id, f"{worker.name}-{name}_preview")
    for id in run_on_store(folder, lambda store: store.namespaces()):
        titles.setdefault(id, id)
    with _open_titles(folder) as kept:
        titles |= kept.all()
    return titles


@contextlib.contextmanager
def _open_titles(folder: Path) -> Generator[Titles]:
    """What fails within is a ClickException."""
    try:
        with Titles(folder) as kept:
            yield kept
    except StateError as error:
        raise click.ClickException(str(error)) from error


def _check_new(title: str, titles: dict[str, str]) -> None:
    if not title or len(title) > LONGEST_TITLE:
        raise click.ClickException(f"A title has 1 to {LONGEST_TITLE} characters.")
    if title in titles.values():
        raise click.ClickException(f'There is a namespace with the title "{title}" already.')


def _id_of_title(title: str, titles: dict[str, str]) -> str:
    for id, each in titles.items():
        if each == title:
            return id
    raise click.ClickException(
        f'No namespace found with the name "{title}". `edgewright kv namespace list` shows all.'
    )


def _known(id: str, titles: dict[str, str]) -> str:
    if id not in titles:
        raise click.ClickException(f"A namespace with id {id} was not found.")
    return id


# --- Configuration --------------------------------------------------------------------------------


def _namespaces_of(worker: WorkerConfig) -> dict[str, KVNamespace]:
    return {n: each for n, each in worker.bindings.items() if isinstance(each, KVNamespace)}


def _binding_name(namespace: str) -> str:
    """An identifier that is like the name."""
    return re.sub(r"\W", "_", re.sub(r"^[^A-Za-z_]+", "", namespace), flags=re.ASCII) or "KV"


def _snippet(worker: WorkerConfig, entry: dict[str, str]) -> str:
    """In the language of the Worker's configuration."""
    if worker.source is not None and worker.source.suffix == ".toml":
        table = f"env.{worker.environment}.kv_namespaces" if worker.environment else "kv_namespaces"
        # JSON's strings of these characters are TOML's, too.
        return "\n".join([f"[[{table}]]", *(f'{key} = "{it}"' for key, it in entry.items())])
    return json.dumps({"kv_namespaces": [entry]}, indent=2)
