"""The gateway's end of an isolate's inspector; the other one is in isolate/inspector.py."""

from __future__ import annotations

import socket

from websockets.asyncio.client import ClientConnection, unix_connect


class Link:
    """By which connections are handed to the inspector of one isolate."""

    def __init__(self) -> None:
        self._control, self.theirs = socket.socketpair()
        """`theirs` is for the isolate's host."""
        self.path = ""
        """Of the inspector's WebSocket; the isolate says it when it is loaded."""
        self.sessions = 0
        """How many debuggers are at the isolate."""

    async def connect(self) -> ClientConnection:
        """Raises OSError, TimeoutError and WebSocketException."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"i"], [theirs.fileno()])
            except BaseException:
                ours.close()
                raise
        return await unix_connect(
            uri=f"ws://127.0.0.1{self.path}",
            sock=ours,
            compression=None,
            max_size=None,
            ping_interval=None,  # a paused isolate answers nothing
        )

    def close(self) -> None:
        """When the isolate has ended."""
        self._control.close()
        self.theirs.close()
