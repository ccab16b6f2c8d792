"""A Worker's code goes into an isolate that nobody has used."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping

import msgspec

from edgewright.bindings.binding import Binding
from edgewright.build import WorkerBundle, format_load_error
from edgewright.protocol.framing import HEAD, MAX_COMMANDS, FrameError, encode_frame
from edgewright.protocol.messages import AssetHead, Load, Loaded, LoadError

_TIMEOUT = 15.0
"""Seconds until an isolate that says nothing is given up together with its host, which has stopped
the Worker's code before that."""


class StartupError(Exception):
    """A Worker could not be loaded; `error` says why, and the message where, with the source."""

    def __init__(self, bundle: WorkerBundle, error: LoadError) -> None:
        super().__init__(format_load_error(bundle, error))
        self.bundle = bundle
        self.error = error


class LoadingEndsHost(Exception):
    """The isolate does not answer, or nonsense: its process has to end."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.error = LoadError("Error", message)


async def load(
    connection: socket.socket,
    bundle: WorkerBundle,
    bindings: Mapping[str, Binding],
    *,
    live_clock: bool,
    watch_promises: bool,
) -> Loaded:
    """What comes of it. Raises LoadingEndsHost."""
    limits = bundle.limits
    head = Load(
        bundle.main,
        bundle.modules,
        list(bundle.services),
        {**bundle.vars, **bundle.secrets},
        bundle.classic,
        limits.startup_cpu_ms,
        limits.cpu_ms,
        limits.memory_mb,
        live_clock,
        watch_promises,
        bundle.flags,
        {name: binding.kind for name, binding in bindings.items()},
        limits.websocket_message_mb << 20,
        [
            AssetHead(specifier, asset.kind, len(asset.content), asset.imports)
            for specifier, asset in bundle.assets.items()
        ],
    )
    blob = b"".join(asset.content for asset in bundle.assets.values())
    try:
        return await asyncio.wait_for(_exchange(connection, head, blob), _TIMEOUT)
    except TimeoutError as error:
        raise LoadingEndsHost("The Worker's global scope ran for too long.") from error
    except (OSError, FrameError, msgspec.DecodeError, ValueError, RecursionError) as error:
        raise LoadingEndsHost(f"The isolate's process ended while loading: {error}") from error


async def _exchange(connection: socket.socket, head: Load, blob: bytes) -> Loaded:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, encode_frame(msgspec.json.encode(head), blob))
    json_size, _, _ = HEAD.unpack(await _receive(connection, HEAD.size))
    if json_size > MAX_COMMANDS:
        raise FrameError(f"a frame of {json_size} bytes was announced")
    return msgspec.json.decode(await _receive(connection, json_size), type=Loaded)


async def _receive(connection: socket.socket, size: int) -> bytes:
    """So many bytes and no more: what follows is for the isolate's channel."""
    loop = asyncio.get_running_loop()
    data = bytearray()
    while len(data) < size:
        more = await loop.sock_recv(connection, size - len(data))
        if not more:
            raise ConnectionError("it closed the connection")
        data += more
    return bytes(data)
