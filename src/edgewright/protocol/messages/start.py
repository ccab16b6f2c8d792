"""How a host starts, and a Worker is loaded into an isolate: before there are any turns."""

from __future__ import annotations

from typing import Any

import msgspec


class HostReady(msgspec.Struct, frozen=True):
    """The first word of a host, on its control socket, before any Worker's code is in it."""

    missing: dict[str, str]
    """Layers of its sandbox that this machine lacks, and why."""
    inspected: bool = False
    """DevTools may look at its isolates."""


class Load(msgspec.Struct, frozen=True):
    """First frame to an isolate: the code that it is to run."""

    main: str
    """Specifier of the entry module."""
    modules: dict[str, str]
    """Specifier (`worker:/src/index.js`) → source of an ES module."""
    services: list[str]
    """Names of the service bindings."""
    vars: dict[str, Any]
    """The plain bindings: of `env`, or in the classic form the globals."""
    classic: bool
    """The Worker exports nothing: it calls addEventListener("fetch", …)."""
    startup_cpu_ms: int
    """The limits that hold inside the isolate; what they mean is said in config/limits.py."""
    cpu_ms: int
    memory_mb: int
    live_clock: bool = False
    """Time passes while code runs, which it else does not."""
    watch_promises: bool = False
    """A hung request tells where its code waits, for which promises are ten times as slow."""
    flags: list[str] = []
    """The compatibility flags that are on (config/compatibility.py)."""
    bindings: dict[str, str] = {}
    """Bindings that are more than a value: name → kind, which is the lazy script that makes the
    object in `env`."""
    websocket_message: int = 1 << 20
    """Bytes that a WebSocket's message may have."""
    assets: list[AssetHead] = []
    """The modules that are no ES modules. Their bytes are the frame's attachments, in this
    order."""


class AssetHead(msgspec.Struct, frozen=True):
    """A module that is no ES module, without its bytes."""

    specifier: str
    kind: str
    """A ModuleKind, see config/module_rules.py."""
    size: int
    imports: tuple[str, ...] = ()
    """Of a CommonJS module: the ES modules that have to be evaluated before it."""


class Loaded(msgspec.Struct, frozen=True):
    """The isolate's answer: ready, or why not."""

    error: LoadError | None = None
    entrypoints: list[str] = []
    """Names of the exports that may be called."""
    inspector: str = ""
    """Path of the inspector's WebSocket; none where there is no inspector."""


class LoadError(msgspec.Struct, frozen=True):
    """Why a Worker could not start. Positions are 1-based; 0 where the engine tells none."""

    name: str
    message: str
    stack: str = ""
    specifier: str = ""
    line: int = 0
    column: int = 0
