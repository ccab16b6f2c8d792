"""A Worker, ready to be loaded: what the build room makes and the rest of the house takes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgewright.config.binding_config import BindingConfig, RateRule
from edgewright.config.limits import Limits
from edgewright.config.module_rules import ModuleKind
from edgewright.config.worker_config import Route, Service


@dataclass(frozen=True, slots=True)
class Asset:
    """A module that is no ES module."""

    kind: ModuleKind
    content: bytes
    imports: tuple[str, ...] = ()
    """Of a CommonJS module: the ES modules that it, or what it requires, may require. They have to
    be evaluated before it."""


@dataclass(frozen=True, slots=True)
class WorkerBundle:
    """All modules of one Worker, and what its `env` holds.

    Specifiers are `worker:/` followed by the module's path below the Worker's root, so that
    neither stack traces nor `import.meta.url` tell where on the machine it lies.
    """

    name: str
    main: str
    """Specifier of the entry module."""
    modules: dict[str, str]
    """Specifier → source of an ES module."""
    assets: dict[str, Asset] = field(default_factory=dict[str, Asset])
    """Specifier → module of another kind."""
    vars: dict[str, Any] = field(default_factory=dict[str, Any])
    services: dict[str, Service] = field(default_factory=dict[str, Service])
    """Service bindings, by their names in `env`."""
    tail_consumers: list[str] = field(default_factory=list[str])
    """The Workers that are told of its requests, by their names."""
    bindings: dict[str, BindingConfig] = field(default_factory=dict[str, BindingConfig])
    """Bindings that are more than a value, by their names in `env`."""
    secrets: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    """Variables that nobody else may see; they win over `vars`."""
    rate_rules: list[RateRule] = field(default_factory=list[RateRule])
    """Limits of requests that hold before the Worker is woken."""
    routes: list[Route] = field(default_factory=list[Route])
    """Which requests it answers, where there are several Workers."""
    files: dict[str, Path] = field(default_factory=dict[str, Path])
    """Specifier → the file it came from: for messages to the developer, and to watch."""
    limits: Limits = field(default_factory=Limits)
    classic: bool = False
    """The classic form: the main module has no exports and calls addEventListener()."""
    flags: list[str] = field(default_factory=list[str])
    """The compatibility flags that are on."""

    @property
    def version(self) -> str:
        """8 hex digits that tell one version from another, by the code and what is configured; of
        secrets nothing, as whoever sees it could try them out."""
        hashed = hashlib.sha256()
        for specifier, source in sorted(self.modules.items()):
            hashed.update(f"{specifier}\n{len(source)}\n{source}".encode(errors="surrogatepass"))
        for specifier, asset in sorted(self.assets.items()):
            hashed.update(f"{specifier}\n{asset.kind}\n{len(asset.content)}\n".encode())
            hashed.update(asset.content)
        configured = (self.main, self.vars, self.services, self.bindings, self.limits, self.flags)
        hashed.update(repr(configured).encode(errors="surrogatepass"))
        return hashed.hexdigest()[:8]

    @property
    def sources(self) -> dict[str, str]:
        """Specifier → JavaScript, for all modules that are code: for messages to the developer."""
        commonjs = {
            specifier: asset.content.decode(errors="replace")
            for specifier, asset in self.assets.items()
            if asset.kind == "commonjs"
        }
        return {**self.modules, **commonjs}
