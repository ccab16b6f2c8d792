"""A Worker, ready to be loaded: what the build room makes and the rest of the house takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgewright.config.limits import Limits


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
    """Specifier → JavaScript source."""
    vars: dict[str, Any] = field(default_factory=dict[str, Any])
    files: dict[str, Path] = field(default_factory=dict[str, Path])
    """Specifier → the file it came from: for messages to the developer, and to watch."""
    limits: Limits = field(default_factory=Limits)
    classic: bool = False
    """The classic form: the main module has no exports and calls addEventListener()."""
