"""Serves the Worker with two gateways, sends votes from many clients at once, and tells how many of
them were counted."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
CLIENTS = 16
VOTES = 400


def main() -> int:
    with tempfile.TemporaryDirectory() as state:
        command = [sys.executable, "-m", "edgewright", "serve", str(HERE), "--port", "0"]
        server = subprocess.Popen(
            [*command, "--workers", "2", "--state", state], stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            found = re.search(r"http://([\d.]+:\d+)", server.stdout.readline())
            if found is None:
                return 1
            for path in ("/wrong", "/right"):
                seconds = send_votes(found[1], path)
                counted = ask(found[1], "GET", path)
                print(f"{path}: {VOTES} votes in {seconds:.1f} s, {counted} counted", flush=True)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
    return 0


def send_votes(address: str, path: str) -> float:
    """How many seconds it took."""

    def client() -> None:
        connection = http.client.HTTPConnection(address)
        for _ in range(VOTES // CLIENTS):
            connection.request("POST", path)
            connection.getresponse().read()
        connection.close()

    began = time.monotonic()
    clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    return time.monotonic() - began


def ask(address: str, method: str, path: str) -> str:
    connection = http.client.HTTPConnection(address)
    connection.request(method, path)
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer


if __name__ == "__main__":
    sys.exit(main())
