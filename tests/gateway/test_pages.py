from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from edgewright.gateway.pages import (
    EXCEEDED_LIMITS,
    LOOP,
    RATE_LIMITED,
    THREW,
    ErrorKind,
    PageDetails,
    error_response,
    generic,
)
from edgewright.observe.records import WorkerError
from edgewright.observe.stack import Sources

BROWSER = b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (THREW, 500, 1101),
        (EXCEEDED_LIMITS, 503, 1102),
        (RATE_LIMITED, 429, 1015),
        (LOOP, 500, 1019),
    ],
)
def test_status_and_code_are_the_platforms(kind: ErrorKind, status: int, code: int) -> None:
    plain = error_response(kind, accept=b"*/*")
    assert (plain.status, plain.body) == (status, b"error code: %d" % code)
    page = error_response(kind, accept=BROWSER)
    assert f"Error {code}" in page.body.decode()
    assert (b"content-length", b"%d" % len(page.body)) in page.headers


@pytest.mark.parametrize("accept", [b"", b"*/*", b"application/json", b"text/html;q=0, */*"])
def test_text_for_clients_that_do_not_ask_for_html(accept: bytes) -> None:
    response = error_response(THREW, accept=accept)
    assert (b"content-type", b"text/plain; charset=utf-8") in response.headers


@pytest.mark.parametrize("accept", [BROWSER, b"Text/HTML", b"*/*, text/html; q=0.5"])
def test_html_for_clients_that_do(accept: bytes) -> None:
    response = error_response(THREW, accept=accept)
    assert (b"content-type", b"text/html; charset=utf-8") in response.headers


def test_generic_page() -> None:
    assert error_response(generic(502), accept=b"").body == b"502 Bad Gateway"
    assert b"Error 502" in error_response(generic(502), accept=BROWSER).body


def test_ray_id_is_on_the_page_and_new_each_time() -> None:
    rays = [
        re.findall(
            rb"Ray ID: <code>([0-9a-f]{16})</code>", error_response(THREW, accept=BROWSER).body
        )
        for _ in range(2)
    ]
    assert len(rays[0]) == len(rays[1]) == 1
    assert rays[0] != rays[1]
    given = error_response(THREW, accept=BROWSER, ray="0123456789abcdef")
    assert b"0123456789abcdef" in given.body
    assert not any(name == b"cf-ray" for name, _ in given.headers)


SOURCE = "export default {\n\tfetch() {\n\t\tthrow new Error('<b>'); // <script>\n\t},\n};\n"
ERROR = WorkerError(
    name="Error",
    message="<img src=x onerror=alert(1)>",
    stack="Error: <img src=x onerror=alert(1)>\n    at Object.fetch (worker:/index.js:3:9)",
)


def details() -> PageDetails:
    file = Path.cwd() / "src" / "index.js"
    return PageDetails.of(ERROR, Sources({"worker:/index.js": SOURCE}, {"worker:/index.js": file}))


def test_dev_page_shows_message_stack_and_source() -> None:
    body = error_response(THREW, accept=BROWSER, details=details()).body.decode()
    assert "src/index.js:3:9" in body
    assert "worker:/" not in body
    assert "throw new Error(&#x27;&lt;b&gt;&#x27;)" in body
    assert "at Object.fetch (src/index.js:3:9)" in body


def test_dev_page_in_text() -> None:
    body = error_response(THREW, accept=b"*/*", details=details()).body.decode()
    assert body.startswith("error code: 1101\n\nError: <img")
    assert "src/index.js:3:9" in body


def test_nothing_that_the_worker_said_becomes_markup() -> None:
    tags = Tags()
    tags.feed(error_response(THREW, accept=BROWSER, details=details()).body.decode())
    names = {name for name, _ in tags.seen}
    assert not names & {"script", "img", "link", "iframe"}
    attributes = {attribute for _, attrs in tags.seen for attribute in attrs}
    assert attributes <= {"lang", "charset", "name", "content", "class"}


def test_no_details_without_being_given_any() -> None:
    body = error_response(THREW, accept=BROWSER).body.decode()
    assert "<pre>" not in body
    assert "index.js" not in body


def test_lone_surrogates_do_not_break_the_page() -> None:
    broken = PageDetails("Error", "\ud800", "", None)
    assert b"?" in error_response(THREW, accept=BROWSER, details=broken).body
