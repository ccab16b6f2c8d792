"""HTMLRewriter: what it does to documents, and that they stream through it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from running import Run, Running, Serve, eventually

from edgewright import WorkerException
from edgewright.gateway.asgi import Receive, Scope, Send
from edgewright.messages import BodyError

HERE = Path(__file__).parent / "html"
PARSER = "TypeError: Parser error: "
LATE = (
    "TypeError: This content token is no longer valid. Content tokens are only valid during the "
    "execution of the relevant content handler."
)

CASES: dict[str, Any] = {
    "untouched": "<p class=a>x</P><br/>",
    "selectors": {
        "*": 6,
        "p": 3,
        "div > p": 3,
        "div p": 3,
        ".a.b": 1,
        "#x": 1,
        "a[href]": 1,
        "[data-q=foo i]": 1,
        "[id^=x]": 1,
        "p:nth-child(2)": 1,
        "p:nth-of-type(3)": 1,
        "p:first-child": 1,
        "div:not(.c)": 1,
        "p, span": 4,
        "P": 3,
    },
    "badSelectors": {
        "": f"{PARSER}The selector is empty.",
        "p +": f"{PARSER}Dangling combinator in selector.",
        "p:hover": f"{PARSER}Unsupported pseudo-class or pseudo-element in selector.",
        "p + p": f"{PARSER}Unsupported combinator `+` in selector.",
        "a b >": f"{PARSER}Dangling combinator in selector.",
    },
    "content": "1&lt;2&gt;<3><p><q>pinx&lt;y&gt;</p><b>a",
    "replace": "&lt;r&gt;<p><r></p>4<p>5</p>",
    "attributes": {
        "text": '<link href="a&quot;<&" B new="ü"></link>',
        "seen": [
            [["href", "/x"], ["b", ""], ["download", ""]],
            "a",
            False,
            "http://www.w3.org/1999/xhtml",
            "/x",
            "/x",
            None,
            True,
            False,
            True,
            {"value": ["href", 'a"<&'], "done": False},
            "[object AttributesIterator]",
            f"{PARSER}` ` character is forbidden in the attribute name",
            f"{PARSER}` ` character is forbidden in the tag name",
        ],
    },
    "endTags": "<p>x&lt;p&gt;</q><hr><i>y<br>",
    "textAndComments": {
        "text": "<p><i>[]</p><p>[]</p>kept<p><!--one-->&lt;-></p>",
        "seen": [
            ["a&amp;b", False, False],
            ["", True, False],
            ["gone", False, False],
            ["", True, False],
            ["1", False],
            ["2", False],
        ],
    },
    "document": {
        "text": '<!DOCTYPE html PUBLIC "p" "s">x&lt;end&gt;<hr>',
        "seen": [["html", "p", "s"], "x", ""],
    },
    "handlersAreMethods": 21,
    "waiting": {
        "text": '<p waited="yes">a..1</p><p waited="yes">b..1</p>end',
        "order": ["begun", "done", "a", "", "begun", "done", "b", ""],
    },
    "sideBySide": ["<p>a!</p>", "<p>b!</p>"],
    "nested": "<p><i>x</i></p>",
    "chained": "<p>12</p>",
    "usedAgain": ["<p><b>", "<p>1</p><b>2</b>"],
    "late": [LATE] * 5,
    "fails": {
        "thrown": "RangeError: thrown",
        "text": "a string",
        "rejected": "RangeError: rejected",
        "after": "<p>fine</p>",
    },
    "streams": "1&lt;2&gt;3<p><b>inü</p><hr><b>text</b>",
    "streamsThatFail": {
        "not UTF-8": f"{PARSER}Invalid UTF-8",
        "broken": "Error: broken",
    },
    "notStreams": (
        "TypeError: Replacing HTML content using a ReadableStream or Response object is not "
        "implemented. You must provide a string."
    ),
    "malformed": {
        "<p": "<p",
        "<p a=": "<p a=",
        "</": "</",
        "<!-": "<!-",
        "<p><b></p></b>": "<p><b>+</p></b>",
        "<>": "<>",
        "a<b": "a<b",
        "<!doctype": "<!doctype",
    },
    "charsets": {
        "iso-8859-1": [
            '<p a=\xe9 b="\xe9&#26085;">\xe9\x80&#26085;&lt;\xe9&#26085;<</p>',
            "éé€",
        ],
        "shift_jis": [
            '<p a=\x93\xfa b="&#233;\x93\xfa">\x83\x5c\x93\xfa\x93\xfa&lt;&#233;\x93\xfa<</p>',
            "日ソ日",
        ],
        "gb18030": [
            '<p a=\xd6\xd0 b="\xa8\xa6\xc8\xd5">'
            "\x81\x30\x84\x36\xff\xc8\xd5&lt;\xa8\xa6\xc8\xd5<</p>",
            "中¥\ufffd",
        ],
        "utf-8": [
            '<p a=\xff b="\xc3\xa9\xe6\x97\xa5">'
            "\xef\xbf\xbd\xe6\x97\xa5&lt;\xc3\xa9\xe6\x97\xa5<</p>",
            "\ufffd\ufffd",
        ],
    },
    "charsetsThatAreNone": [
        [f"{PARSER}Unknown character encoding has been provided.", False],
        [f"{PARSER}Expected ASCII-compatible encoding.", False],
        [f"{PARSER}Expected ASCII-compatible encoding.", False],
    ],
    "tooLarge": f"{PARSER}The memory limit has been exceeded.",
    "tokens": ["[object Element]", "TypeError: Illegal constructor", "TypeError"],
    "context": ["transform"] * 4,
    "deep": ["RangeError", "<p>fine</p>"],
    "abandoned": "<p>fine</p>",
    "many": True,
}


@pytest.mark.parametrize("name", CASES)
async def test_what_becomes_of_a_document(run: Run, name: str) -> None:
    running = await run(HERE / "rewriter.js", limits={"cpu_ms": 5000})
    assert await running.json(f"/{name}") == CASES[name]


def test_every_case_is_looked_at() -> None:
    script = (HERE / "rewriter.js").read_text()
    cases = set(re.findall(r"^  (?:async )?(\w+)\(\) \{$", script, re.MULTILINE))
    assert cases - set(CASES) == {"responses", "ambiguous"}


async def test_a_transformed_response_has_all_but_the_body(run: Run) -> None:
    running = await run(HERE / "rewriter.js")
    head, used, *others = await running.json("/responses")
    assert head == [201, "Made", [["content-type", "text/html"], ["x-a", "b"]]]
    assert used == [True, False, True]
    assert others == [
        True,
        "TypeError: Body has already been used. It can only be used once. Use tee() first if you "
        "need to read it twice.",
        "TypeError: HTMLRewriter.transform: the argument is not a Response",
    ]


async def test_a_document_that_can_be_read_in_two_ways_is_refused(run: Run) -> None:
    running = await run(HERE / "rewriter.js")
    assert (await running.json("/ambiguous")).startswith(
        f"{PARSER}The parser has encountered a text content tag (`<xmp>`) in the context where it "
        "is ambiguous whether this tag should be ignored or not."
    )


async def test_at_start_handlers_are_taken_and_nothing_is_transformed(run: Run) -> None:
    running = await run(HERE / "rewriter.js")
    taken, refused = await running.json("/atStart")
    assert taken == "taken"
    assert refused.startswith("Error: Disallowed operation called within global scope.")


class Slow:
    """An upstream that sends part of a document, and the rest when it is told to."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.left = 0
        self.sent = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        match scope["path"]:
            case "/slow":
                await self._send(send, b"<p>early</p><b>", more=True)
                await self.go_on.wait()
                await self._send(send, b"late</b>", more=False)
            case "/large":
                for _ in range(100):
                    await self._send(send, b"<p>x</p>" * 1024, more=True)
                await self._send(send, b"", more=False)
            case _:
                leaving = asyncio.ensure_future(receive())
                while not leaving.done():
                    await self._send(send, b"<p>x</p>" * 1024, more=True)
                    await asyncio.sleep(0)
                self.left += 1

    async def _send(self, send: Send, body: bytes, *, more: bool) -> None:
        await send({"type": "http.response.body", "body": body, "more_body": more})
        self.sent += len(body)


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
async def streaming(run: Run, http: Serve, slow: Slow) -> Running:
    env = {"UPSTREAM": await http(slow)}
    return await run(HERE / "streaming.js", env=env, limits={"cpu_ms": 30_000})


@pytest.mark.parametrize(
    ("path", "early", "whole"),
    [
        ("/through", b"<p>early!</p><b>", b"<p>early!</p><b>late</b>"),
        ("/inserted", b"<p>before <p>early</p><b>", b"<p>before <p>early</p><b>late</b></p>after"),
        ("/waiting", b"<i>early</i>", None),
    ],
)
async def test_what_is_there_goes_out_before_the_rest_has_come(
    streaming: Running, slow: Slow, path: str, early: bytes, whole: bytes | None
) -> None:
    response = await streaming.fetch(path)
    chunks = aiter(response)
    body = b""
    while len(body) < len(early):
        body += await asyncio.wait_for(anext(chunks), 20)
    assert body == early
    assert not slow.go_on.is_set()
    slow.go_on.set()
    async for chunk in chunks:
        body += chunk
    assert body == (whole or b"<i>early</i><p>&lt;p&gt;early&lt;/p&gt;&lt;b&gt;late&lt;/b&gt;</p>")


async def test_a_large_document(streaming: Running) -> None:
    assert await (await streaming.fetch("/large")).bytes() == b"<p>x!</p>" * 1024 * 100


async def test_a_reader_that_is_slow_holds_the_upstream_up(
    streaming: Running, slow: Slow, http: Serve
) -> None:
    url = await http(streaming.worker.asgi())
    async with httpx.AsyncClient(timeout=20) as client:
        async with client.stream("GET", f"{url}/left") as response:
            chunks = response.aiter_raw(1024)
            await anext(chunks)
            await _settled(slow)
            assert slow.sent < 16 << 20
        assert await eventually(lambda: slow.left == 1)


async def _settled(slow: Slow) -> None:
    """Until nothing more is sent for a while."""
    for _ in range(200):
        before = slow.sent
        await asyncio.sleep(0.1)
        if slow.sent == before:
            return
    raise AssertionError("the upstream is never held up")


async def test_the_length_of_before_is_not_told(streaming: Running, http: Serve) -> None:
    url = await http(streaming.worker.asgi())
    async with httpx.AsyncClient(timeout=60) as client:
        response = await client.get(f"{url}/length")
    assert response.text == "<p>"
    assert "content-length" not in response.headers
    assert response.headers["content-type"] == "text/html"


async def test_what_a_handler_throws_breaks_the_body_off(streaming: Running, slow: Slow) -> None:
    slow.go_on.set()
    response = await streaming.fetch("/fails")
    with pytest.raises(BodyError, match="half-way"):
        await response.bytes()
    assert await eventually(lambda: any("half-way" in line for line in streaming.logged))


async def test_a_handler_that_runs_away_is_stopped_alone(run: Run) -> None:
    running = await run(HERE / "streaming.js", limits={"cpu_ms": 50})
    for _ in range(2):
        with pytest.raises((BodyError, WorkerException)):
            await (await running.fetch("/runaway")).bytes()
        response = await running.fetch("/length")
        assert await response.text() == "<p>"


async def test_a_handler_that_never_ends_hangs_its_request_alone(streaming: Running) -> None:
    with pytest.raises((BodyError, WorkerException)):
        await (await streaming.fetch("/never")).bytes()
    assert await (await streaming.fetch("/length")).text() == "<p>"


async def test_a_transformation_belongs_to_its_request(streaming: Running) -> None:
    assert await streaming.text("/keep") == "kept"
    assert "on behalf of a different request" in await streaming.text("/use")
