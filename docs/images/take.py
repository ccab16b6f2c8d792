"""Takes the pictures of the dashboard that are in the docs.

    .venv/bin/python docs/images/take.py

It serves the two Workers beside this file, with the upstream of examples/fanout, makes some
requests, and writes PNGs beside this file. Needs Chromium and pngquant. Look at what comes out
before you commit it: each should be below 150 KB.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ViewportSize, sync_playwright

HERE = Path(__file__).parent
UPSTREAM = HERE.parents[1] / "examples" / "fanout" / "upstream.py"
UPSTREAM_PORT, PORT, ADMIN = 8798, 8797, 8799
URL = f"http://127.0.0.1:{PORT}"
SIZE: ViewportSize = {"width": 1000, "height": 660}
SCALE = 1.6


def main() -> None:
    upstream = subprocess.Popen([sys.executable, UPSTREAM, "--port", str(UPSTREAM_PORT)])
    edgewright = subprocess.Popen(
        [sys.executable, "-m", "edgewright", "dev", HERE / "page", HERE / "prices",
         "--port", str(PORT), "--admin", str(ADMIN)]
    )  # fmt: skip
    try:
        for port in (UPSTREAM_PORT, PORT, ADMIN):
            wait_until(lambda port=port: answers(port))
        for number in range(40):
            get(f"{URL}/products/{(number * 7) % 15}")
        get(f"{URL}/products/13")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
            take(browser, "light")
            take(browser, "dark")
            browser.close()
        quantize = ["pngquant", "--force", "--strip", "--ext", ".png", *HERE.glob("*.png")]
        subprocess.run(quantize, check=True)
    finally:
        for process in (edgewright, upstream):
            process.terminate()
            process.wait()


def take(browser: Browser, scheme: Literal["light", "dark"]) -> None:
    found = json.loads(get(f"http://127.0.0.1:{ADMIN}/api/requests?worker=page&search=/13"))
    newest = found["requests"][0]["id"]
    page = browser.new_page(
        viewport=SIZE, device_scale_factor=SCALE, color_scheme=scheme, reduced_motion="reduce"
    )
    for name, fragment, ready in (
        ("overview", "#/", ".card .figure"),
        ("request", f"#/requests/{newest}", ".waterfall .bar"),
    ):
        page.goto(f"http://127.0.0.1:{ADMIN}/{fragment}")
        page.locator(ready).first.wait_for()
        page.locator('#connection[data-state="live"]').wait_for()
        page.screenshot(path=HERE / f"{name}-{scheme}.png", full_page=name == "request")
    page.close()


def get(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url) as response:
            return response.read()
    except urllib.error.HTTPError as error:
        return error.read()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.1)


if __name__ == "__main__":
    main()
