"""Bindings as a Worker's owner configured them: what they are, not how they are done."""

from __future__ import annotations

from typing import Annotated

import msgspec


class KVNamespace(msgspec.Struct, frozen=True, tag="kv"):
    """An entry of `kv_namespaces`."""

    id: str
    preview_id: str | None = None


class RateLimit(msgspec.Struct, frozen=True, tag="ratelimit"):
    """An entry of `ratelimits`."""

    namespace_id: str
    limit: int
    period: int
    """Seconds."""


BindingConfig = KVNamespace | RateLimit


class RateRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of `rate_limits` in the table `edgewright`: it holds before the Worker is woken."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=2**31)]
    period: Annotated[int, msgspec.Meta(ge=1, le=86_400)]
    """Seconds."""
    route: Annotated[str, msgspec.Meta(pattern="^[^?#]+$")] = "*"
    """`/path/*` of any host, or `host/path/*`."""
    methods: list[Annotated[str, msgspec.Meta(pattern="^[A-Z]+$")]] = []
    """Which; all, if there are none."""
    by: Annotated[str, msgspec.Meta(pattern="^(ip|all|header:[A-Za-z0-9-]+)$")] = "ip"
    """What is counted apart: each client's address, nothing, or each value of a header."""
