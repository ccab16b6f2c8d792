"""How far a Worker may go: the platform's limits, with the platform's defaults where it has them.

https://developers.cloudflare.com/workers/platform/limits/

`docs/limits.md` has the table: what each is, how it is measured and what happens beyond it.
"""

from __future__ import annotations

from typing import Any, Self

import msgspec

_MAX = 2**40


class LimitError(ValueError):
    """A limit that there is not, or a value that it can't have."""


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Per request, unless said otherwise. `cpu_ms` and `subrequests` are Wrangler's own keys."""

    cpu_ms: int = 50
    """CPU time of the isolate's thread, summed over all turns of the request."""
    wall_ms: int = 30_000
    """From the request's arrival until its response begins."""
    wait_until_ms: int = 30_000
    """How long waitUntil() may go on after the response has been sent."""
    queue_ms: int = 2000
    """How long a request may be expected to wait for its turn; beyond that it gets a 503."""
    memory_mb: int = 128
    """Of an isolate: JavaScript's heap, ArrayBuffers and WebAssembly's memories."""
    startup_cpu_ms: int = 1000
    """CPU time that evaluating the Worker's modules may take."""
    subrequests: int = 50
    """Calls of fetch(), redirects counted one by one."""
    operations: int = 1000
    """What may be asked of KV and the like: the platform's internal services."""
    connections: int = 6
    """Subrequests that wait for their response's head, or whose body is not read, at a time."""
    depth: int = 16
    """Workers that call each other by service bindings, one within the other."""
    url_kb: int = 16
    request_headers_kb: int = 128
    """Names and values together."""
    response_headers_kb: int = 128
    request_body_mb: int = 100
    websocket_message_mb: int = 1
    """Each that a Worker is sent over a WebSocket."""
    script_mb: int = 10
    """All modules of a Worker, compressed by gzip."""
    variables: int = 64
    """How many of them `vars` may have."""
    variable_kb: int = 5
    log_kb: int = 256
    """Console output and exceptions, together."""

    @property
    def cpu_ns(self) -> int:
        return self.cpu_ms * 1_000_000

    def capped(self, most: Limits | None) -> Limits:
        """These limits, but none above its counterpart in `most`."""
        if most is None:
            return self
        return Limits(
            **{name: min(getattr(self, name), getattr(most, name)) for name in LIMIT_NAMES}
        )

    @classmethod
    def of(cls, values: dict[str, Any], *, default: Limits | None = None) -> Self:
        """From a configuration's table; what is not in it is as in `default`. Raises LimitError."""
        for name, value in values.items():
            if name not in LIMIT_NAMES:
                raise LimitError(f"there is no limit {name!r}; there are {', '.join(LIMIT_NAMES)}")
            if type(value) is not int or not 0 < value <= _MAX:
                raise LimitError(f"{name} must be a whole number above 0, not {value!r}")
        return cls(**{**msgspec.structs.asdict(default or Limits()), **values})


LIMIT_NAMES: tuple[str, ...] = tuple(field.name for field in msgspec.structs.fields(Limits))

UNLIMITED = Limits(**dict.fromkeys(LIMIT_NAMES, _MAX))
"""The cap of an operator who trusts the Worker's owner, having no other."""
