"""Copies of the examples, each with what it asks on a free port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from running import eventually

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass
class Example:
    folder: Path
    port: int
    upstream: asyncio.subprocess.Process


@contextlib.asynccontextmanager
async def example_of(
    name: str, tmp_path: Path, *, script: str = "upstream.py", usual: int = 8788
) -> AsyncIterator[Example]:
    """`script` is what it asks, on the port `usual` as it stands in the configurations."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    upstream = await asyncio.create_subprocess_exec(
        sys.executable, EXAMPLES / name / script, "--port", str(port)
    )
    try:
        folder = tmp_path / name
        shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns(".edgewright"))
        for config in folder.rglob("wrangler.jsonc"):
            config.write_text(config.read_text().replace(f"127.0.0.1:{usual}", f"127.0.0.1:{port}"))
        assert await eventually(lambda: _answers(port))
        yield Example(folder, port, upstream)
    finally:
        if upstream.returncode is None:
            upstream.kill()
        await upstream.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
