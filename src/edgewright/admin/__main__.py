"""The process behind the admin port: `python -m edgewright.admin CONTROL_FD`, started by the
supervisor.

A process of its own, with low priority: what somebody looks at must not make requests wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import cast

import msgspec
import uvloop

from edgewright.admin.app import AdminApp
from edgewright.admin.gateways import Gateways
from edgewright.admin.history import History
from edgewright.admin.settings import MAX_LINE, AdminSettings, GatewayRestarts
from edgewright.gateway.asgi import ASGIApp
from edgewright.gateway.ask import ask_folder
from edgewright.gateway.server import Tls, serve_asgi

_LOW_PRIORITY = 10
"""Of 19, which is the least."""

_DRAIN = 0.5
"""Seconds: who looks on would never leave."""


def main() -> None:
    os.nice(_LOW_PRIORITY)
    uvloop.run(_run(socket.socket(fileno=int(sys.argv[1]))))


async def _run(control: socket.socket) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    reader, writer = await asyncio.open_unix_connection(sock=control, limit=MAX_LINE)
    line = await reader.readline()
    if not line:
        return  # The supervisor is gone already.
    settings = msgspec.json.decode(line, type=AdminSettings)
    history = History()
    gateways = Gateways(
        ask_folder(), settings.node, lambda: history.add(gateways.sums(), time.time())
    )
    app = AdminApp(settings, gateways, history)
    await gateways.look()
    tasks = [
        asyncio.create_task(gateways.run()),
        asyncio.create_task(_listen(reader, app, stop)),
    ]
    tls = None
    if settings.tls_cert is not None and settings.tls_key is not None:
        tls = Tls(Path(settings.tls_cert), Path(settings.tls_key))
    try:
        listener = socket.socket(fileno=settings.listener_fd)
        await serve_asgi(cast(ASGIApp, app.asgi()), listener, stop, tls=tls, drain=_DRAIN)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        gateways.close()
        writer.close()


async def _listen(reader: asyncio.StreamReader, app: AdminApp, stop: asyncio.Event) -> None:
    """To the supervisor, until it says no more."""
    with contextlib.suppress(OSError):
        while line := await reader.readline():
            app.restarts = msgspec.json.decode(line, type=GatewayRestarts).gateway_restarts
    stop.set()


if __name__ == "__main__":
    main()
