"""The three services that the Worker asks, each with a delay, so that parallelism shows.

`/reviews/13` always fails, to show what the Worker makes of that.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DELAYS = {"details": 0.080, "prices": 0.120, "reviews": 0.100}
"""Seconds that each service takes."""


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open and are used again

    def do_GET(self) -> None:
        service, _, identifier = self.path.strip("/").partition("/")
        if service not in DELAYS or not identifier.isdigit():
            self._answer(404, {"error": "no such thing"})
            return
        time.sleep(DELAYS[service])
        if (service, identifier) == ("reviews", "13"):
            self._answer(503, {"error": "out of order"})
        else:
            self._answer(200, answer(service, int(identifier)))

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the terminal is the Worker's."""


def answer(service: str, identifier: int) -> object:
    match service:
        case "details":
            return {"name": f"Product {identifier}", "weight": 100 + identifier}
        case "prices":
            return {"amount": f"{9 + identifier}.90", "currency": "EUR"}
        case _:
            return [{"stars": 1 + identifier % 5, "text": "Does what it says."}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8788)
    with ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Upstream) as server:
        server.daemon_threads = True
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


if __name__ == "__main__":
    main()
