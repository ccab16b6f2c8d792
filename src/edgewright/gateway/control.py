"""What supervisor and gateway say to each other, over a socket that the gateway inherits.

Lines of JSON. The supervisor sends GatewaySettings first and Stop at the end; the gateway answers
with Ready or Failed. That the other side is gone shows as the end of the stream: a gateway without
a supervisor drains and exits.
"""

from __future__ import annotations

import msgspec

from edgewright.cache.opening import CACHE_DISK_MB, CACHE_MEMORY_MB
from edgewright.gateway.hosts import Sandbox

MAX_LINE = 1024 * 1024
"""Bytes; a message to the person may show source."""


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """All that a gateway process needs to know."""

    paths: list[str]
    """The Workers, each a module, a configuration file or the folder of one. Requests go to the
    first."""
    services: dict[str, str] = {}
    """What is behind names that service bindings use, beside Workers; see outside/service.py."""
    listener_fd: int
    """A listening socket, inherited."""
    tls_cert: str | None = None
    tls_key: str | None = None
    upstream: str | None = None
    """The origin behind the Worker, for passThroughOnException()."""
    cpu: int | None = None
    """The one CPU for this gateway; None leaves the choice to the kernel."""
    host_cpus: list[int] = []
    """The CPUs for its isolate hosts, each of which gets one; none leaves the choice as well."""
    drain: float = 30.0
    """Seconds that requests in flight have when it is to stop."""
    dev: bool = False
    most: dict[str, int] = {}
    """Limits that no Worker may raise further, by their names."""
    live_clock: bool = False
    outbound: str = "any"
    sandbox: Sandbox = "auto"
    state: str | None = None
    """The folder for KV and the like; None is .edgewright/state beside the first Worker."""
    sentry_dsn: str | None = None
    """Where exceptions are told."""
    logpush: list[str] = []
    """Destinations, and files that name some; see logpush/job.py."""
    memory_mb: int | None = None
    """What this gateway's isolates may use together."""
    node: str | None = None
    """What its ask socket is named after; None: nobody asks."""
    closed_ports: list[int] = []
    """Of this machine, where no Worker may connect to."""
    server_timing: bool = False
    """Responses tell how they were made."""
    cache_memory_mb: int = CACHE_MEMORY_MB
    cache_disk_mb: int = CACHE_DISK_MB
    inspect: bool = False
    """DevTools may look at the isolates."""
    inspector_port: int | None = None
    """Where DevTools finds them; None leaves the choice."""


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Refuse new requests, let those in flight finish, exit."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The Worker is loaded and requests are being answered."""

    name: str
    """The Worker's."""
    warnings: list[str]
    """For the person, a sentence each."""
    devtools: str | None = None
    """The URL of DevTools for the Worker."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The gateway could not start and is about to exit; `message` is for the person."""

    message: str


def encode(message: GatewaySettings | Stop | Ready | Failed) -> bytes:
    """One line."""
    return msgspec.json.encode(message) + b"\n"


def decode_settings(line: bytes) -> GatewaySettings:
    """raises: msgspec.DecodeError"""
    return msgspec.json.decode(line, type=GatewaySettings)


def decode_answer(line: bytes) -> Ready | Failed:
    """raises: msgspec.DecodeError"""
    try:
        return msgspec.json.decode(line, type=Ready | Failed)
    except RecursionError as error:  # nested too deep
        raise msgspec.DecodeError(str(error)) from error
