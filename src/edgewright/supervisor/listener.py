"""The socket that all gateways accept from."""

from __future__ import annotations

import errno
import socket

BACKLOG = 4096
"""Connections that may wait for a gateway; the kernel's own limit may be lower."""


class ListenError(Exception):
    """The address cannot be listened on; the message says why and what to do."""


def listen(host: str, port: int, *, option: str | None = None) -> socket.socket:
    """A listening TCP socket. Port 0 takes any that is free. `option` is the one that says where,
    if it is not --host and --port. Raises ListenError."""
    host = host.removeprefix("[").removesuffix("]")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise ListenError(
            f"cannot listen on {host}: no such host; check {option or '--host'}"
        ) from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        # A restart need not wait for the connections of the last run to time out.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit it: a response's last packet must not wait for an ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if family == socket.AF_INET6:
            # "::" means every address, of both versions.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(_explain(error, host, port, option)) from error
    return listener


def url_of(listener: socket.socket, *, tls: bool) -> str:
    """`http://127.0.0.1:8787`, with the port that it really is."""
    host, port = listener.getsockname()[:2]
    return f"{'https' if tls else 'http'}://{_bracketed(host)}:{port}"


def _explain(error: OSError, host: str, port: int, option: str | None) -> str:
    where = f"{_bracketed(host)}:{port}"
    for_port, for_host = option or "--port", option or "--host"
    match error.errno:
        case errno.EADDRINUSE:
            return f"{where} is in use by another process; stop it, or choose another {for_port}"
        case errno.EACCES | errno.EPERM:
            return f"not allowed to listen on {where}; choose another {for_port}, above 1023"
        case errno.EADDRNOTAVAIL:
            return f"cannot listen on {where}: not an address of this machine; check {for_host}"
        case _:
            return f"cannot listen on {where}: {error.strerror}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
