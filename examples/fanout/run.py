"""Starts the upstream and `edgewright serve`, tells what to try, and ends both on Ctrl-C."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
UPSTREAM_PORT = 8788  # as in wrangler.jsonc
PORT = 8787


def main() -> int:
    upstream = subprocess.Popen([sys.executable, HERE / "upstream.py"])
    edgewright = subprocess.Popen(
        [sys.executable, "-m", "edgewright", "serve", HERE, "--port", str(PORT)]
    )
    # Ctrl-C goes to the whole process group: the children stop by themselves, and we wait for them.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: edgewright.terminate())
    try:
        if wait_for(UPSTREAM_PORT, upstream) and wait_for(PORT, edgewright):
            url = f"http://127.0.0.1:{PORT}/products/7"
            print(f"\n  {url}\n\n  curl {url}\n  curl -N {url}/stream\n\nCtrl-C stops.", flush=True)
        return edgewright.wait()
    finally:
        edgewright.terminate()
        edgewright.wait()
        upstream.terminate()
        upstream.wait()


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
