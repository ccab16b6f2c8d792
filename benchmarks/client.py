"""An HTTP/1.1 client for the reliability benchmarks: it can leave, and tell what it waited.

It asks at a rate that does not depend on the answers, and a latency counts from when the question
was due: a server that stalls is not asked less for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

_PATIENCE = 60.0
_LOST = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError)


@dataclass
class Tally:
    """What came of requests."""

    seconds: list[float] = field(default_factory=list[float])
    """Latencies of those that were answered with 200."""
    shed: list[float] = field(default_factory=list[float])
    """Latencies of 503s."""
    statuses: dict[str, int] = field(default_factory=dict[str, int])
    """Number of answers by their status; "lost" where there was none, "wrong" for a wrong body."""

    def add(self, status: str, seconds: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status == "200":
            self.seconds.append(seconds)
        elif status == "503":
            self.shed.append(seconds)

    @property
    def count(self) -> int:
        return sum(self.statuses.values())

    @property
    def failed(self) -> int:
        return self.count - self.statuses.get("200", 0)


def quantile(values: list[float], share: float) -> float:
    """In milliseconds; 0 where there are no values."""
    return sorted(values)[int(len(values) * share)] * 1000 if values else 0.0


class Connection:
    """Kept alive, and opened again where it was lost."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[str, bytes]:
        """Status and body; "lost" where the connection was."""
        try:
            return await asyncio.wait_for(self._get(path), _PATIENCE)
        except _LOST:  # TimeoutError is an OSError
            self.close()
            return "lost", b""

    async def _get(self, path: str) -> tuple[str, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = head[9:12]
        if "transfer-encoding: chunked" in head:
            body = await _chunks(reader)
        else:
            length = head.partition("content-length: ")[2].partition("\r\n")[0]
            body = await reader.readexactly(int(length))
        if "connection: close" in head:
            self.close()
        return status, body

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return bytes(body)


async def steady(
    port: int, path: str, tally: Tally, *, every: float, until: float, most: int = 64
) -> None:
    """Asks `every` so many seconds, whatever the answers do, by `most` connections."""
    idle = [Connection(port) for _ in range(most)]
    asking: set[asyncio.Task[None]] = set()
    free = asyncio.Semaphore(most)

    async def ask(due: float) -> None:
        connection = idle.pop()
        try:
            status, _ = await connection.get(path)
            tally.add(status, time.monotonic() - due)
        finally:
            idle.append(connection)
            free.release()

    due = time.monotonic()
    while due < until:
        await asyncio.sleep(due - time.monotonic())
        await free.acquire()
        task = asyncio.create_task(ask(due))
        asking.add(task)
        task.add_done_callback(asking.discard)
        due += every
    await asyncio.gather(*asking)
    for connection in idle:
        connection.close()


async def closed_loop(
    port: int, path: str, tally: Tally, *, until: float, pause: float = 0.0
) -> None:
    """Asks again as soon as it was answered, and `pause` is over."""
    connection = Connection(port)
    while (start := time.monotonic()) < until:
        status, _ = await connection.get(path)
        tally.add(status, time.monotonic() - start)
        await asyncio.sleep(pause)
    connection.close()


async def leave(port: int, sent: bytes, *, read: int = 0, stay: float = 0.0) -> None:
    """Sends something, reads so many bytes of the answer, waits, and goes without a word."""
    with contextlib.suppress(*_LOST):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(sent)
            if read:
                await asyncio.wait_for(reader.readexactly(read), _PATIENCE)
            await asyncio.sleep(stay)
        finally:
            writer.transport.abort()
