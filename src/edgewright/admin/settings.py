"""What the supervisor tells the process behind the admin port: a line of JSON each, settings first.

The end of the stream says that the supervisor is gone, or that it is time to go.
"""

from __future__ import annotations

import msgspec


class AdminSettings(msgspec.Struct, frozen=True, kw_only=True):
    """All that it needs to know."""

    node: str
    """What the gateways' ask sockets are named after."""
    listener_fd: int
    """A listening socket, inherited."""
    token: str | None
    """What whoever asks has to know; None where only this machine can ask."""
    dev: bool
    started: float
    """When the server did; seconds since 1970."""
    gateway_restarts: int = 0
    tls_cert: str | None = None
    tls_key: str | None = None


class GatewayRestarts(msgspec.Struct, frozen=True):
    """There was one more."""

    gateway_restarts: int


MAX_LINE = 64 * 1024


def encode(message: AdminSettings | GatewayRestarts) -> bytes:
    """One line."""
    return msgspec.json.encode(message) + b"\n"
