"""Compares what a Worker sees with what the platform's type declarations promise.

The exceptions are the tables of docs/compatibility.md, and no more: one that has become unnecessary
has to go. `pytest tests/workers/test_declared.py` says which lines to add or to take away.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from declarations import Declarations, Kind, Members, parse_declarations
from running import Run

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TYPES = ROOT / "runtime/node_modules/@cloudflare/workers-types/index.d.ts"
PAGE = ROOT / "docs/compatibility.md"

#: Objects that are no globals, and their interfaces.
INSTANCES = {"ctx": "ExecutionContext", "Immediate": "Immediate"}

Found = dict[str, str]


@dataclass
class Promised:
    """What a Worker is promised, by path: `Request`, `WebAssembly.Module`, `console`."""

    classes: dict[str, Members]
    #: Global functions and objects, and what these have.
    values: dict[str, Members | None]
    #: What modules export.
    modules: dict[str, set[str]]


@pytest.fixture(scope="module")
def declared() -> Declarations:
    return parse_declarations(TYPES.read_text())


@pytest.fixture(scope="module")
def promised(declared: Declarations) -> Promised:
    classes = _global_classes(declared)
    values: dict[str, Members | None] = dict.fromkeys(declared.functions)
    for name, type_name in (declared.variables | INSTANCES).items():
        if type_name != "never":
            values[name] = declared.interfaces.get(type_name)
    # The global scope itself: what it has are the globals.
    values["self"] = values["global"] = None
    # The only namespace that is an object, and not a room for types.
    inside = declared.namespaces["WebAssembly"]
    classes |= {f"WebAssembly.{name}": members for name, members in inside.classes.items()}
    values |= dict.fromkeys(f"WebAssembly.{name}" for name in inside.functions)
    return Promised(classes, values, _modules(declared))


def _modules(declared: Declarations) -> dict[str, set[str]]:
    modules = {
        name: inside
        for name, inside in declared.namespaces.items()
        if name.startswith("cloudflare:")
    }
    # `declare module "cloudflare:workers" { export = CloudflareWorkersModule; }`
    modules["cloudflare:workers"] = declared.namespaces["CloudflareWorkersModule"]
    return {
        # `let _EmailMessage: …; export { _EmailMessage as EmailMessage };`
        module: {
            name.lstrip("_") for name in (*inside.classes, *inside.functions, *inside.variables)
        }
        for module, inside in modules.items()
    }


def _global_classes(declared: Declarations) -> dict[str, Members]:
    """Classes of bindings are declared as well, but only as types: they are all abstract."""
    scope = declared.interfaces["ServiceWorkerGlobalScope"]
    found = {
        name: members
        for name, members in declared.classes.items()
        if name in scope.instance or not members.abstract
    }
    for name, type_name in scope.types.items():
        if type_name.startswith(
            "typeof "
        ):  # also under another name: `TraceEvent: typeof TailEvent`
            found[name] = declared.classes[type_name.removeprefix("typeof ")]
    found["WorkerGlobalScope"].instance.clear()  # what it has are globals
    # As the standard and the platform have it, this one is a member of `crypto` only.
    found["crypto.DigestStream"] = found.pop("DigestStream")
    for name, members in found.items():
        if (interface := declared.interfaces.get(name)) is not None:
            members.parent = members.parent or interface.parent
            members.instance |= interface.instance
    return found


async def test_what_a_worker_sees_is_what_is_declared(run: Run, promised: Promised) -> None:
    running = await run(HERE / "declared.js", limits={"cpu_ms": 10_000})
    asked = {
        "classes": list(promised.classes),
        "values": list(promised.values),
        "modules": list(promised.modules),
    }
    seen = await running.json("/", method="POST", body=json.dumps(asked).encode())
    found: Found = {}
    for path, members in promised.classes.items():
        found |= _compare_class(path, members, seen["classes"][path])
    for path, interface in promised.values.items():
        found |= _compare_value(path, interface, seen["values"][path])
    for module, names in promised.modules.items():
        found |= _compare_module(module, names, seen["modules"][module])

    listed = _listed()
    assert not (missing := _rows(found, listed)), "not in docs/compatibility.md:\n" + missing
    assert not (stale := _rows(listed, found)), "to be taken off docs/compatibility.md:\n" + stale


def test_the_declarations_are_understood(promised: Promised) -> None:
    assert len(promised.classes) > 60
    assert promised.classes["Request"].parent == "Body"
    assert promised.classes["Request"].instance["headers"] == "property"
    assert promised.classes["Body"].instance["json"] == "method"
    assert promised.classes["Event"].static["AT_TARGET"] == "property"
    assert promised.classes["URL"].instance["href"] == "getter"
    assert promised.classes["Response"].static["json"] == "method"
    assert promised.classes["AbortSignal"].abstract
    assert promised.classes["WebAssembly.Module"].static["imports"] == "method"
    assert "R2Object" not in promised.classes
    assert promised.values["fetch"] is None
    assert promised.modules["cloudflare:sockets"] == {"connect"}
    assert {"env", "waitUntil", "RpcTarget"} <= promised.modules["cloudflare:workers"]
    assert (console := promised.values["console"]) is not None
    assert console.instance["timeLog"] == "method"


def _compare_class(path: str, members: Members, seen: dict[str, object] | None) -> Found:
    if seen is None:
        return {path: "missing"}
    if seen["kind"] != ("abstract" if members.abstract else "concrete"):
        return {path: f"is {seen['kind']}"}
    found: Found = {}
    if members.parent not in (None, seen["parent"]):
        found[path] = f"does not extend {members.parent}"
    for name, kind in members.instance.items():
        if kind != "constructor":
            found |= _compare_member(
                f"{path}.prototype.{name}", kind, _kind(seen, "instance", name)
            )
    for name, kind in members.static.items():
        is_constant = kind == "property" and members.types.get(name) == "number"
        promise = "constant" if is_constant else kind
        found |= _compare_member(f"{path}.{name}", promise, _kind(seen, "static", name))
    return found


def _compare_value(path: str, members: Members | None, seen: dict[str, object] | None) -> Found:
    if seen is None:
        return {path: "missing"}
    found: Found = {}
    for name, kind in {} if members is None else members.instance.items():
        found |= _compare_member(f"{path}.{name}", kind, _kind(seen, "members", name))
    return found


def _compare_module(module: str, names: set[str], seen: list[str] | None) -> Found:
    if seen is None:
        return {module: "missing"}
    return {f"{module}.{name}": "missing" for name in names - set(seen)}


def _kind(seen: dict[str, object], where: str, name: str) -> str | None:
    members = seen[where]
    assert isinstance(members, dict)
    return members.get(name)


def _compare_member(path: str, promise: Kind | str, seen: str | None) -> Found:
    """An attribute that is declared as a property may be a getter: Web IDL wants it to be one."""
    if seen is None:
        return {path: "missing"}
    fitting = {"property": ("getter", "value", "constant", "method")}.get(promise, (promise,))
    return {} if seen in fitting else {path: f"is a {seen}"}


def _listed() -> Found:
    """The rows of the page's tables with this head."""
    _, *tables = PAGE.read_text().split("| name | difference | why |\n")
    text = "".join(table.partition("\n\n")[0] + "\n" for table in tables)
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| [^|]+ \|$", text, re.MULTILINE)
    assert len({name for name, _ in rows}) == len(rows), "listed twice"
    return dict(rows)


def _rows(these: Found, without: Found) -> str:
    rows = sorted(these.items() - without.items())
    return "\n".join(f"| `{name}` | {what} | why |" for name, what in rows)
