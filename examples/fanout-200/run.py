"""Starts the upstream and both Workers, asks them, prints what came of it, and ends all."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
UPSTREAM_PORT = 8788  # as in wrangler.jsonc
PORT = 8787


def main() -> int:
    upstream = subprocess.Popen([sys.executable, HERE / "upstream.py"])
    serve = [sys.executable, "-m", "edgewright", "serve", HERE / "front", HERE / "part"]
    edgewright = subprocess.Popen([*serve, "--port", str(PORT)])
    try:
        if not (wait_for(UPSTREAM_PORT, upstream) and wait_for(PORT, edgewright)):
            return 1
        ask("/")  # the Workers are loaded, connections are made
        for path in ("/", "/alone"):
            answer = ask(path)
            why = f": {answer['why']}" if answer["failed"] else ""
            print(f"{path:8} {answer['prices']} of 200 in {answer['ms']} ms{why}", flush=True)
        return 0
    finally:
        for process in (edgewright, upstream):
            process.terminate()
            process.wait()


def ask(path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=30) as response:
        return json.load(response)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> bool:
    """True when the port answers, False when the process has ended."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


if __name__ == "__main__":
    sys.exit(main())
