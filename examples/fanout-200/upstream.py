"""The service that the Workers ask: a price after 20 ms."""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DELAY = 0.020


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open and are used again

    def do_GET(self) -> None:
        time.sleep(DELAY)
        body = json.dumps({"cents": 100 + int(self.path.rpartition("/")[2])}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the terminal is the Workers'."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8788)
    with (
        Server(("127.0.0.1", parser.parse_args().port), Upstream) as server,
        contextlib.suppress(KeyboardInterrupt),
    ):
        server.serve_forever()


if __name__ == "__main__":
    main()
