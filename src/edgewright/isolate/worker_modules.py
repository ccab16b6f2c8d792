"""What an isolate's imports mean: the Worker's own modules, and those that the runtime layer has.

Specifiers, by their schemes:

- `worker:/x.js` is an ES module of the Worker. (Its CommonJS modules are scripts of such names.)
- `asset:/x.txt` is the ES module around something else of the Worker's: a text, a CommonJS module.
- `node:…` and `cloudflare:…` are ES modules around lazy scripts of the runtime layer.
- `edgewright:…` is how all of these get at the runtime layer, and out of a Worker's reach.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from json import dumps

import msgspec

from edgewright.built_in import built_in, built_in_exports
from edgewright.isolate.webassembly import import_memories
from edgewright.protocol.messages import AssetHead, Load

ENTRY = "edgewright:entry"
"""The module that is evaluated: the Worker's, between taking and calling `install`."""

_EXPORTS = built_in_exports()
"""Read now, as the sandbox leaves no way to read them later."""

_CAPTURE = "edgewright:capture"
_GLOBALS = "edgewright:globals"
_MODULES = "edgewright:modules"

_OF_OURS = {
    ENTRY: frozenset({"."}),
    _CAPTURE: frozenset({ENTRY, _MODULES}),
    _GLOBALS: frozenset({ENTRY}),
}
"""Who may import what is not for Workers."""
_GENERATED = ("asset:", "node:", "cloudflare:")
"""Modules whose whole source is made here: none of it is a Worker's."""


class WorkerModules:
    """The modules of one Worker."""

    def __init__(self, load: Load, blob: bytes, *, inspected: bool = False) -> None:
        self.started = False
        """The entry module has been evaluated: no more of what comes only once."""
        self._load = load
        self._inspected = inspected
        self._heads: dict[str, AssetHead] = {}
        self._contents: dict[str, bytes] = {}
        offset = 0
        for head in load.assets:
            self._heads[head.specifier] = head
            self._contents[head.specifier] = blob[offset : offset + head.size]
            offset += head.size

    def resolve(self, specifier: str, referrer: str) -> str | None:
        """What the engine asks for each import; None where it is not allowed."""
        if specifier.startswith("edgewright:"):
            allowed = _OF_OURS.get(specifier)
            fine = referrer.startswith(_GENERATED) if allowed is None else referrer in allowed
            return specifier if fine else None
        if specifier.startswith(("./", "../")):
            _, _, path = referrer.partition(":")
            path = posixpath.normpath(posixpath.join(path, "..", specifier))
            specifier = f"worker:{path.removesuffix('?module')}"
        if specifier in self._heads:
            return specifier.replace("worker:", "asset:", 1)
        return self.built_in(specifier) or specifier

    def source(self, specifier: str) -> str:
        """What the engine asks for each module once. Raises ValueError."""
        if specifier.startswith("edgewright:"):
            return self._source_of_ours(specifier)
        if specifier.startswith("worker:") and specifier in self._load.modules:
            return self._load.modules[specifier]
        if specifier.startswith("asset:"):
            return self._source_of_asset(specifier.replace("asset:", "worker:", 1))
        if self.built_in(specifier) == specifier:
            exports = _EXPORTS[specifier]
            value = f"builtIn({dumps(specifier)})"
            return f'import {{ builtIn }} from "{_MODULES}";{_exports(value, exports)}'
        raise _no_such_module(specifier)

    # --- Called by the runtime layer: nothing here raises -----------------------------------------

    def asset(self, specifier: str) -> str | bytes:
        """The content of what is no ES module. Bytes are given away."""
        if self._heads[specifier].kind == "wasm":
            return import_memories(self._contents.pop(specifier, b""))
        if self._heads[specifier].kind == "data":
            return self._contents.pop(specifier, b"")
        return self._contents[specifier].decode()

    def built_in(self, specifier: str) -> str | None:
        """The full specifier, where the runtime layer has such a module for this Worker."""
        return built_in(specifier, self._load.flags)

    # --- Sources ----------------------------------------------------------------------------------

    def _source_of_ours(self, specifier: str) -> str:
        if specifier == _MODULES:
            return (
                f'import {{ modules }} from "{_CAPTURE}";'
                "export const { asset, builtIn, addNamespace } = modules;"
            )
        if self.started:
            raise _no_such_module(specifier)
        if specifier == _CAPTURE:
            return self._capture()
        if specifier == _GLOBALS:
            return f"Object.assign(globalThis, {dumps(self._load.vars)});"
        return self._entry()

    def _entry(self) -> str:
        # The classic form has no env: its variables are globals, there before its first line.
        variables = f'import "{_GLOBALS}";' if self._load.classic else ""
        return (
            f'import {{ install }} from "{_CAPTURE}";{variables}'
            f"import * as worker from {dumps(self._load.main)}; install(worker);"
        )

    def _capture(self) -> str:
        """Evaluated before the Worker's first line: takes off the global object what the runtime
        layer has left there for us."""
        load = self._load
        settings = {
            "vars": {} if load.classic else load.vars,
            "services": load.services,
            "bindings": load.bindings,
            "classic": load.classic,
            "flags": load.flags,
            "liveClock": load.live_clock,
            "websocketMessage": load.websocket_message,
            "watchPromises": load.watch_promises,
            "inspected": self._inspected,
            "kinds": {head.specifier: head.kind for head in load.assets},
        }
        return (
            "export const install = globalThis.__install;"
            f"export const modules = globalThis.__configure({dumps(dumps(settings))});"
            "delete globalThis.__install; delete globalThis.__configure;"
        )

    def _source_of_asset(self, specifier: str) -> str:
        head = self._heads.get(specifier)
        if head is None:
            raise _no_such_module(specifier)
        source = f'import {{ asset, addNamespace }} from "{_MODULES}";'
        for number, needed in enumerate(head.imports):
            source += (
                f"import * as m{number} from {dumps(needed)};"
                f"addNamespace({dumps(needed)}, m{number});"
            )
        value = f"asset({dumps(specifier)})"
        if head.kind != "json":
            return f"{source}export default {value};"
        names = _keys(self._contents[specifier])
        return f"{source}const v = {value}; export default v;{_exports('v', names)}"


def _keys(content: bytes) -> list[str]:
    """What a JSON module exports beside its default."""
    try:
        keys = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:  # something else than an object
        return []
    return [key for key in keys if key != "default" and not _LONE_SURROGATE.search(key)]


_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def _exports(value: str, names: Iterable[str]) -> str:
    """Exports of any name."""
    source = f"const from = {value};"
    for number, name in enumerate(names):
        key = dumps(name)
        source += f"const e{number} = from[{key}]; export {{ e{number} as {key} }};"
    return source


def _no_such_module(specifier: str) -> ValueError:
    name = specifier
    for scheme in ("worker:/", "asset:/"):
        name = name.removeprefix(scheme)
    return ValueError(f'No such module "{name}".')
