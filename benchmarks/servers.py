"""The two runtimes under test and the upstream behind them, each on a port of its own."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tools import FOLDER, BenchmarkError, free_port, program, workerd

BIG = 100_000_000
"""Bytes of the upstream's /big."""
MEGABYTE = b"0123456789abcdef" * 65536
"""The upstream's /megabyte."""
PAGE = 10 * 1024
"""Bytes of its /page.bin, which says that it may be cached."""

WORKER = FOLDER / "worker.js"

_START = 30.0
_STOP = 10.0

_NGINX = """\
worker_processes 1; daemon off; master_process off;
pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; sendfile on; tcp_nodelay on;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port};
    root {folder};
    location = /big {{ default_type application/octet-stream; }}
    location = /megabyte {{ default_type text/plain; }}
    location = /page.bin {{
      default_type application/octet-stream; add_header Cache-Control max-age=86400;
    }}
    location / {{ default_type text/plain; return 200 "{body}"; }}
  }}
}}
"""

_NGINX_CACHE = """\
worker_processes 1; daemon off; master_process off;
pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; sendfile on; tcp_nodelay on;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  proxy_cache_path {folder}/cache keys_zone=pages:10m;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass {upstream}; proxy_cache pages; }}
  }}
}}
"""

_WORKERD = """\
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  bindings = [(name = "UPSTREAM", text = "{upstream}")],
  compatibilityDate = "2026-01-01",
);
"""


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    url: str
    pid: int


@contextlib.contextmanager
def upstream(folder: Path) -> Generator[Server]:
    """nginx: 100 bytes at every path, BIG bytes at /big, MEGABYTE, and PAGE at /page.bin."""
    port = free_port()
    (folder / "megabyte").write_bytes(MEGABYTE)
    (folder / "page.bin").write_bytes(MEGABYTE[:PAGE])
    with (folder / "big").open("wb") as file:
        file.truncate(BIG)
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, port=port, body="0123456789" * 10))
    command = [program("nginx"), "-p", str(folder), "-c", str(config)]
    with running("nginx", command, port, folder) as server:
        yield server


@contextlib.contextmanager
def nginx_cache(folder: Path, upstream: str) -> Generator[Server]:
    """nginx as a caching proxy in front of the upstream, with its defaults."""
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(_NGINX_CACHE.format(folder=folder, port=port, upstream=upstream))
    command = [program("nginx"), "-p", str(folder), "-c", str(config)]
    with running("nginx", command, port, folder) as server:
        yield server


@contextlib.contextmanager
def edgewright(
    folder: Path, upstream: str, worker: Path = WORKER, **limits: int
) -> Generator[Server]:
    """`edgewright serve` with its defaults: one gateway process."""
    port = free_port()
    shutil.copy(worker, folder / "worker.js")
    config = {
        "name": "benchmark",
        "main": "worker.js",
        "vars": {"UPSTREAM": upstream},
        # workerd has no limits: each of a request's 50 subrequests has a connection at once.
        "limits": {"subrequests": 50, "connections": 50, **limits},
    }
    (folder / "wrangler.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "edgewright", "serve", str(folder), "--port", str(port)]
    with running("edgewright", command, port, folder) as server:
        yield server


@contextlib.contextmanager
def serve(worker: Path, folder: Path, *options: str) -> Generator[Server]:
    """`edgewright serve` of a Worker of its own. What it says is kept in the folder."""
    port = free_port()
    command = [sys.executable, "-m", "edgewright", "serve", str(worker), "--port", str(port)]
    with running("edgewright", [*command, *options], port, folder) as server:
        yield server


@contextlib.contextmanager
def workerd_server(folder: Path, upstream: str, worker: Path = WORKER) -> Generator[Server]:
    """`workerd serve` with its defaults."""
    port = free_port()
    shutil.copy(worker, folder / "worker.js")
    config = folder / "workerd.capnp"
    config.write_text(_WORKERD.format(port=port, upstream=upstream))
    with running("workerd", [workerd(), "serve", str(config)], port, folder) as server:
        yield server


@contextlib.contextmanager
def running(name: str, command: list[str], port: int, folder: Path) -> Generator[Server]:
    log = folder / f"{name}.output"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_it_answers(name, process, url, log)
        yield Server(name, url, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(
    name: str, process: subprocess.Popen[bytes], url: str, log: Path
) -> None:
    deadline = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{url}/", timeout=5).close()
        except urllib.error.HTTPError as error:
            raise BenchmarkError(f"{name} answers with {error}:\n{_tail(log)}") from error
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise BenchmarkError(f"{name} did not start:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text().splitlines()[-30:])
