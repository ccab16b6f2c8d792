"""An upstream that takes its time, and counts how often it was asked.

`/pages/NAME` is fresh for two seconds, and good enough for a minute while it is fetched anew.
`POST /break` makes it fail from then on, until `POST /repair`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DELAY = 0.5
"""Seconds that a page takes."""
CACHING = "max-age=2, stale-while-revalidate=60, stale-if-error=600"


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open and are used again
    asked = 0
    broken = False
    lock = threading.Lock()

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer(200, {"asked": Upstream.asked})
            return
        time.sleep(DELAY)
        with self.lock:
            Upstream.asked += 1
            page = {"page": self.path, "version": Upstream.asked}
        if Upstream.broken:
            self._answer(503, {"error": "out of order"})
        else:
            self._answer(200, page, CACHING)

    def do_POST(self) -> None:
        Upstream.broken = self.path == "/break"
        self._answer(200, {"broken": Upstream.broken})

    def _answer(self, status: int, content: object, caching: str = "no-store") -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", caching)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the terminal is the Worker's."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8788)
    with ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Upstream) as server:
        server.daemon_threads = True
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


if __name__ == "__main__":
    main()
