"""A server with an admin port, shared by the tests of a module."""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support.running import PATIENCE

TOKEN = "0123456789abcdef-the-token"

WORKER = """\
export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    console.log("at", pathname);
    switch (pathname) {
      case "/throw":
        throw new RangeError("out of it");
      case "/fetch":
        return new Response(
          await fetch(searchParams.get("url")).then((r) => r.text(), (e) => e.message),
        );
      case "/spin":
        for (;;);
      case "/kv":
        await env.STORE.put("a", "b");
        return new Response(await env.STORE.get("a"));
      case "/cookie":
        return new Response(request.headers.get("cookie") ?? "none");
    }
    return new Response("hello");
  },
};
"""
CONFIGURATION = """\
name = "shop"
main = "shop.js"
compatibility_date = "2026-01-01"
[[kv_namespaces]]
binding = "STORE"
id = "1"
"""


@dataclass
class Server:
    """A command that serves."""

    process: subprocess.Popen[str]
    url: str
    admin: str
    runtime: str
    """Where its sockets are."""

    def get(self, path: str, **options: Any) -> httpx.Response:
        """From the Worker."""
        return httpx.get(f"{self.url}{path}", timeout=PATIENCE, **options)

    def ask(self, path: str, **options: Any) -> httpx.Response:
        """From the admin port."""
        return httpx.get(f"{self.admin}{path}", timeout=PATIENCE, **options)

    def until(self, path: str, there: Callable[[Any], Any], **options: Any) -> Any:
        """What the API says, once it is what one waits for."""
        for _ in range(400):  # and not for so long: the machine may be busy with others
            answer = self.ask(path, **options).json()
            if there(answer):
                return answer
            time.sleep(0.05)
        raise AssertionError(answer)


Start = Callable[..., Server]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts a server: `start("serve", "--admin", "0")`. The module's end ends it."""
    runtime = tempfile.mkdtemp(prefix="ew")  # a socket's path must be short
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.js").write_text(WORKER)
    (folder / "wrangler.toml").write_text(CONFIGURATION)
    running: list[subprocess.Popen[str]] = []

    def start(command: str, *arguments: str, **environment: str) -> Server:
        process = subprocess.Popen(
            [sys.executable, "-m", "edgewright", command, folder, "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            env={**os.environ, "XDG_RUNTIME_DIR": runtime, **environment},
            text=True,
            start_new_session=True,
        )
        running.append(process)
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_read, args=(process, lines), daemon=True).start()
        urls = [re.search(r"https?://\S+", lines.get(timeout=3 * PATIENCE)) for _ in range(2)]
        assert urls[0], process.poll()
        assert urls[1]
        return Server(process, urls[0][0], urls[1][0], runtime)

    yield start
    for process in running:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
    shutil.rmtree(runtime)


def _read(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)


@pytest.fixture(scope="module")
def server(start: Start) -> Server:
    """Two gateways, and an admin port that asks no token."""
    return start("serve", "--admin", "0", "--workers", "2")
