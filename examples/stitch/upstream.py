"""The service that has the page, and those that have its fragments. The page comes in two parts,
half a second apart, as one does whose server has to look something up."""

from __future__ import annotations

import argparse
import contextlib
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FRAGMENTS = {
    "header": (0.05, "<header>The shop</header>"),
    "basket": (0.15, "<aside>2 things in your basket</aside>"),
}
"""Seconds that each takes, and what it is."""

PAUSE = 0.5

FIRST = """<!doctype html>
<title>Products</title>
<fragment name="header">The shop, without its sign</fragment>
<fragment name="advice"><p>No advice today.</p></fragment>
"""

SECOND = """<ul>
<li><a href="http://{host}/products/7">Product 7</a>
<li><a href="https://elsewhere.example/">Elsewhere</a>
</ul>
<fragment name="basket"></fragment>
"""


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        kind, _, name = self.path.strip("/").partition("/")
        if kind == "fragments" and name in FRAGMENTS:
            seconds, fragment = FRAGMENTS[name]
            time.sleep(seconds)
            self._answer(200, fragment)
        elif kind == "":
            self._answer(200, FIRST, SECOND.format(host=self.headers["host"]))
        else:
            self._answer(404, "There is no such thing.")

    def _answer(self, status: int, *parts: str) -> None:
        self.send_response(status)
        self.send_header("content-type", "text/html;charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for i, part in enumerate(parts):
            if i > 0:
                time.sleep(PAUSE)
            data = part.encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

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
