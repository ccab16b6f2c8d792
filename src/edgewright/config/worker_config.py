"""What every form of configuration comes down to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from edgewright.config.binding_config import BindingConfig, RateRule
from edgewright.config.limits import Limits
from edgewright.config.module_rules import ModuleRule


class ConfigError(Exception):
    """The configuration can't be used; the message tells the person what to change, and where."""


class Service(msgspec.Struct, frozen=True):
    """What a service binding leads to."""

    worker: str
    """The other Worker's name."""
    entrypoint: str | None = None
    """One of its named exports; None is the default one."""
    props: dict[str, Any] = {}
    """What it finds in `ctx.props` when it is called by this binding."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A pattern of URLs."""

    pattern: str
    """As it was written."""
    scheme: str | None
    """None is either."""
    host: str
    any_start: bool
    """The host begins with anything, or nothing, before `host`."""
    path: str
    any_end: bool
    """The path goes on with anything, or nothing, after `path`."""

    def matches(self, scheme: str, host: str, target: str) -> bool:
        """`target` is path and query."""
        return (
            (self.scheme is None or self.scheme == scheme)
            and (host.endswith(self.host) if self.any_start else host == self.host)
            and (target.startswith(self.path) if self.any_end else target == self.path)
        )

    @property
    def rank(self) -> tuple[bool, int, int, bool, bool]:
        """The higher, the more specific."""
        by_host = (not self.any_start, len(self.host))
        return (*by_host, len(self.path), not self.any_end, self.scheme is not None)

    @property
    def key(self) -> tuple[str | None, str, bool, str, bool]:
        """What two routes have in common that match the same."""
        return self.scheme, self.host, self.any_start, self.path, self.any_end


class WorkerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One Worker, as its owner configured it. Paths are absolute."""

    name: str
    main: Path
    """The entry module."""
    root: Path
    """The folder of the configuration file, or of the module where there is none."""
    vars: dict[str, Any] = {}
    """The plain bindings of `env`: any JSON value."""
    services: dict[str, Service] = {}
    """Service bindings, by their names in `env`."""
    logpush: bool = False
    """Whether its requests are pushed, where there are Logpush jobs."""
    tail_consumers: list[str] = []
    """The Workers that are told of its requests, by their names."""
    bindings: dict[str, BindingConfig] = {}
    """Bindings that are more than a value, by their names in `env`."""
    required_secrets: list[str] | None = None
    """The secrets that the Worker needs, and gets: these and no others. None where nobody says."""
    rate_rules: list[RateRule] = []
    """Limits of requests that hold before the Worker is woken."""
    routes: list[Route] = []
    """Which requests it answers, where there are several Workers."""
    compatibility_date: str | None = None
    compatibility_flags: list[str] = []
    rules: list[ModuleRule] = []
    """Which files are modules of which kind, beside the default rules."""
    limits: Limits = Limits()
    source: Path | None = None
    """The configuration file, if there is one."""
    environment: str | None = None
    """Which of its environments this is; None is the top level."""
    warnings: list[str] = []
    """What the file asks for and does not get, a sentence each."""
