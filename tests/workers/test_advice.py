"""Advice that is proved: given where it holds, and nowhere else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from edgewright.observe.advice import Advice, advice
from edgewright.observe.trace import Tracing
from tests.support.running import Origin, Run

WORKER = Path(__file__).parent / "traces" / "advised.js"

AdviceOf = Callable[[str], Awaitable[list[Advice]]]


@pytest.fixture
async def advice_of(run: Run, upstream: Origin) -> AdviceOf:
    running = await run(
        WORKER,
        tracing=Tracing(on=True, watch=True),
        env={"UP": upstream.url},
        limits={"cpu_ms": 5000},  # A cold isolate on a busy machine is not near this one.
    )

    async def advice_of(path: str) -> list[Advice]:
        await running.text(path)
        assert await running.worker.drain()
        trace = running.observed.requests[-1].trace
        assert trace is not None
        return advice(trace)

    return advice_of


def line_of(text: str) -> int:
    lines = WORKER.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


async def test_what_was_made_one_after_the_other_for_nothing(advice_of: AdviceOf) -> None:
    (found,) = await advice_of("/one-after-the-other")
    assert found.kind == "sequential"
    assert found.saves_ms is not None
    assert 80 < found.saves_ms < 1000  # 50 + 40, and what a busy machine adds
    assert "Promise.all" in found.text


async def test_it_says_where(advice_of: AdviceOf) -> None:
    (found,) = await advice_of("/one-after-the-other")
    line = line_of("const get =")
    assert len(found.at) == 1
    assert found.at[0].startswith(f"worker:/advised.js:{line}:")


async def test_one_that_waited_for_two(advice_of: AdviceOf) -> None:
    (found,) = await advice_of("/two-then-one")
    assert found.kind == "sequential"


@pytest.mark.parametrize(
    "path",
    [
        "/together",
        "/status-first",
        "/body-first",
        "/header-first",
        "/destructured",
        "/passed-on-first",
        "/post-first",
        "/after-a-failure",
        "/third-party",
        "/timer-between",
    ],
)
async def test_what_may_have_been_needed_is_not_called_needless(
    advice_of: AdviceOf, path: str
) -> None:
    assert await advice_of(path) == []


async def test_the_same_twice(advice_of: AdviceOf) -> None:
    (found,) = await advice_of("/twice")
    assert found.kind == "duplicate"
    assert "made 2 times" in found.text


async def test_other_headers_are_another_request(advice_of: AdviceOf) -> None:
    assert await advice_of("/not-twice") == []


@pytest.mark.parametrize(
    ("path", "form"), [("/text-passed-on", "text()"), ("/buffer-passed-on", "arrayBuffer()")]
)
async def test_a_body_read_only_to_be_passed_on(advice_of: AdviceOf, path: str, form: str) -> None:
    (found,) = await advice_of(path)
    assert found.kind == "buffered"
    assert form in found.text
    assert "100,000" in found.text


@pytest.mark.parametrize("path", ["/text-changed", "/body-passed-on"])
async def test_a_body_that_was_changed_or_streamed(advice_of: AdviceOf, path: str) -> None:
    assert await advice_of(path) == []


async def test_a_crowd_that_queued(advice_of: AdviceOf) -> None:
    (found,) = await advice_of("/crowd")
    assert found.kind == "queued"
    assert found.text.startswith("2 of 8 subrequests waited for one of the request's 6")


async def test_what_was_left_floating(advice_of: AdviceOf) -> None:
    (found,) = await advice_of("/floating")
    assert found.kind == "floating"
    assert found.at[0].startswith(f"worker:/advised.js:{line_of('fetch(`${up}/hang`)')}:")


async def test_use_close_to_a_limit(advice_of: AdviceOf) -> None:
    assert "subrequests: 40 of 50" in [found.text[:24] for found in await advice_of("/many")][-1]


async def test_which_subrequests_may_be_ended_by_a_signal(run: Run, upstream: Origin) -> None:
    tracing = Tracing(on=True, watch=True)
    running = await run(WORKER, tracing=tracing, env={"UP": upstream.url})
    await running.text("/bounded")
    assert await running.worker.drain()
    trace = running.observed.requests[-1].trace
    assert trace is not None
    assert [fetch.signal for fetch in trace.fetches.values()] == [False, True]


async def test_a_worker_that_meddles_with_stacks(advice_of: AdviceOf) -> None:
    (found,) = await advice_of("/hostile")
    assert (found.kind, found.at) == ("sequential", [])
