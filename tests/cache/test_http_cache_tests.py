"""The behaviours of the public HTTP caching test-suite, held against docs/cache.md, which lists
those that this cache does not have. One that has come or gone has to be told there."""

from __future__ import annotations

import asyncio
import re
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from http_cache_cases import CASES, Case, Headers, Step

from edgewright.cache.fetching import FetchCache
from edgewright.cache.memory import MemoryStore
from edgewright.cache.rules import Rule
from edgewright.messages import Body, read_all
from edgewright.subrequest.upstream import (
    NULL_BODY,
    Settle,
    Subrequest,
    SubrequestError,
    UpstreamResponse,
)

PAGE = Path(__file__).parents[2] / "docs" / "cache.md"


def missing() -> dict[str, str]:
    """The cases that the page lists, with their kinds."""
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \| .+ \|$", PAGE.read_text(), re.MULTILINE)
    return {id: kind for id, kind in rows if kind in ("required", "optimal", "check")}


class Clock:
    def __init__(self) -> None:
        self.offset = 0.0
        self._time = time.time

    def __call__(self) -> float:
        return self._time() + self.offset


class Origin:
    """A Transport that answers as the step says."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.step = Step()
        self.requests: list[list[tuple[str, str]]] = []

    def start(
        self,
        method: str,
        url: str,
        headers: tuple[str, ...],
        body: bytes | Body | None,
        settle: Settle,
        handshake: object = None,
        trace: object = None,
    ) -> Subrequest:
        asked = list(zip(headers[::2], headers[1::2], strict=True))
        self.requests.append(asked)
        loop = asyncio.get_running_loop()
        return loop.call_soon(settle, self.answer(method, url, dict(asked)))

    def answer(
        self, method: str, url: str, asked: dict[str, str]
    ) -> UpstreamResponse | SubrequestError:
        step = self.step
        if step.lost:
            return SubrequestError("lost")
        validated = step.expect in ("etag_validated", "lm_validated")
        conditional = "if-none-match" in asked or "if-modified-since" in asked
        status = 304 if validated and conditional else step.status
        headers = self.dated(step.response)
        if "date" not in headers:
            headers += ("date", formatdate(self.clock(), usegmt=True))
        text = step.text or f"response {len(self.requests)}"
        body = None if status in NULL_BODY or method == "HEAD" else text.encode()
        return UpstreamResponse(status, "", headers, url, False, body)

    def dated(self, headers: Headers) -> list[str]:
        flat: list[str] = []
        for name, value in headers:
            is_date = isinstance(value, int)
            flat += (name, formatdate(self.clock() + value, usegmt=True) if is_date else value)
        return flat


class Browser:
    """Makes the requests, and looks at what comes of them."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.origin = Origin(clock)
        self.cache = FetchCache(MemoryStore(1 << 20), "w", self.origin)

    async def does(self, case: Case) -> bool:
        try:
            return all([await self.step(step) for step in case.steps])
        finally:
            await self.cache.close()

    async def step(self, step: Step) -> bool:
        self.origin.step = step
        before = len(self.origin.requests)
        settled: asyncio.Future[UpstreamResponse | SubrequestError]
        settled = asyncio.get_running_loop().create_future()
        self.cache.through(Rule(everything=True)).start(
            step.method,
            f"http://origin.test{step.path}",
            tuple(self.origin.dated(step.request)),
            None,
            settled.set_result,
        )
        result = await settled
        text = ""
        if isinstance(result, UpstreamResponse):
            text = (await read_all(result.body)).decode()
        await asyncio.sleep(0.01 if step.pause or "stale-while" in str(step.gets) else 0)
        asked = self.origin.requests[before:]
        if step.pause:
            self.clock.offset += 3
        return (
            self.is_as_expected(step, asked)
            and self.headers_are(step, result)
            and all(dict(asked[0]).get(name) == value for name, value in step.sends.items())
            and (step.gets_text is None or text == step.gets_text)
        )

    def is_as_expected(self, step: Step, asked: list[list[tuple[str, str]]]) -> bool:
        match step.expect:
            case "cached":
                return not asked
            case "not_cached":
                return len(asked) == 1
            case "etag_validated":
                return len(asked) == 1 and "if-none-match" in dict(asked[0])
            case "lm_validated":
                return len(asked) == 1 and "if-modified-since" in dict(asked[0])
            case _:
                return True

    def headers_are(self, step: Step, result: UpstreamResponse | SubrequestError) -> bool:
        if isinstance(result, SubrequestError):
            return step.gets_status is None and not step.gets
        headers = dict(zip(result.headers[::2], result.headers[1::2], strict=True))
        for name, value in step.gets.items():
            if name not in headers:
                return False
            if isinstance(value, int) and int(headers[name]) < value:
                return False
            if isinstance(value, str) and headers[name] != value:
                return False
        return (
            all(name not in headers for name in step.lacks)
            and (step.gets_status or result.status) == result.status
        )


@pytest.mark.parametrize("id", CASES)
async def test_a_behaviour_is_there_unless_the_page_says_otherwise(
    id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    assert await Browser(clock).does(CASES[id]) == (id not in missing())


def test_the_page_names_cases_that_there_are() -> None:
    assert {id: CASES[id].kind for id in missing()} == missing()


def test_the_page_says_how_many_there_are() -> None:
    lacking = missing().values()
    for kind in ("required", "optimal", "check"):
        count = sum(case.kind == kind for case in CASES.values())
        left = count - sum(each == kind for each in lacking)
        assert re.search(rf"\| {kind} \| {count} \| {left} \|", PAGE.read_text()), (count, left)
