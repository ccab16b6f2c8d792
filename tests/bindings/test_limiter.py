"""The contract of a rate limiter: whatever implements Limiter has to pass."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Iterator
from pathlib import Path

import pytest

from edgewright.bindings.rate_limit.limiter import Limit, Limiter, Verdict
from edgewright.bindings.rate_limit.memory import MemoryLimiter
from edgewright.bindings.rate_limit.refusals import RememberingLimiter
from edgewright.bindings.rate_limit.shared import SharedLimiter

TEN = Limit("n", 10, 60)


class Clock:
    """Seconds since 1970, as the test says; a period begins at 0."""

    now = 6_000_000.0

    def __call__(self) -> float:
        return self.now


class Away:
    """A limiter that is not near: each answer takes a while."""

    def __init__(self, limiter: MemoryLimiter) -> None:
        self._limiter = limiter

    async def take(self, limit: Limit, key: str, amount: int = 1) -> Verdict:
        await asyncio.sleep(0)
        return self._limiter.take(limit, key, amount)

    def close(self) -> None: ...


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "shared", "away", "remembering"])
def limiter(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Limiter]:
    """Another implementation is one more name here."""
    limiter: Limiter
    match request.param:
        case "memory":
            limiter = MemoryLimiter(clock)
        case "shared":
            limiter = SharedLimiter(tmp_path / "rates", clock)
        case "remembering":
            limiter = RememberingLimiter(MemoryLimiter(clock), clock)
        case _:
            limiter = Away(MemoryLimiter(clock))
    yield limiter
    limiter.close()


async def take(limiter: Limiter, limit: Limit = TEN, key: str = "k", amount: int = 1) -> Verdict:
    verdict = limiter.take(limit, key, amount)
    return await verdict if isinstance(verdict, Awaitable) else verdict


async def allowed(limiter: Limiter, times: int, limit: Limit = TEN, key: str = "k") -> int:
    return sum([(await take(limiter, limit, key)).allowed for _ in range(times)])


async def test_so_many_and_no_more(limiter: Limiter) -> None:
    assert await allowed(limiter, 30) == 10


async def test_keys_namespaces_and_periods_are_counted_apart(limiter: Limiter) -> None:
    await allowed(limiter, 30)
    assert await allowed(limiter, 30, key="other") == 10
    assert await allowed(limiter, 30, Limit("other", 10, 60)) == 10
    assert await allowed(limiter, 30, Limit("n", 10, 10)) == 10
    assert await allowed(limiter, 30, key="") == 10
    assert await allowed(limiter, 30, key="\ud800ü\0") == 10


async def test_what_was_refused_does_not_count(limiter: Limiter, clock: Clock) -> None:
    await allowed(limiter, 1000)
    clock.now += 120
    assert await allowed(limiter, 30) == 10


async def test_no_burst_at_the_border_of_two_periods(limiter: Limiter, clock: Clock) -> None:
    clock.now += 59.9
    assert await allowed(limiter, 30) == 10
    clock.now += 0.2
    assert await allowed(limiter, 30) == 0


async def test_what_was_counted_before_fades_away(limiter: Limiter, clock: Clock) -> None:
    await allowed(limiter, 10)
    clock.now += 60 + 30
    assert await allowed(limiter, 30) == 5
    clock.now += 29.9
    assert await allowed(limiter, 30) == 4


async def test_who_waits_as_long_as_told_is_let_through(limiter: Limiter, clock: Clock) -> None:
    for _ in range(50):
        verdict = await take(limiter)
        if not verdict.allowed:
            clock.now += verdict.retry_after - 0.01
            assert not (await take(limiter)).allowed
            clock.now += 0.02
            assert (await take(limiter)).allowed


async def test_a_call_below_the_limit_may_go_beyond_it(limiter: Limiter) -> None:
    assert (await take(limiter, amount=9)).allowed
    assert (await take(limiter, amount=2**31)).allowed
    assert not (await take(limiter, amount=1)).allowed


async def test_a_limit_of_one(limiter: Limiter, clock: Clock) -> None:
    one = Limit("n", 1, 10)
    assert await allowed(limiter, 3, one) == 1
    verdict = await take(limiter, one)
    assert 10 <= verdict.retry_after <= 20
    clock.now += verdict.retry_after + 0.01
    assert await allowed(limiter, 3, one) == 1


async def test_a_clock_that_is_put_back_lets_nothing_through(
    limiter: Limiter, clock: Clock
) -> None:
    await allowed(limiter, 10)
    clock.now -= 600
    assert await allowed(limiter, 30) == 0


async def test_many_keys(limiter: Limiter, clock: Clock) -> None:
    for round in (1, 0):
        for n in range(12_000):
            verdict = await take(limiter, Limit("n", 1, 60), f"k{n}")
            assert verdict.allowed == bool(round)
    clock.now += 180
    assert await allowed(limiter, 1, Limit("n", 1, 60), "k0") == 1


async def test_who_is_to_wait_is_refused_without_asking_the_counters(clock: Clock) -> None:
    asked: list[str] = []

    class Counters(MemoryLimiter):
        def take(self, limit: Limit, key: str, amount: int = 1) -> Verdict:
            asked.append(key)
            return super().take(limit, key, amount)

    limiter = RememberingLimiter(Counters(clock), clock)
    assert await allowed(limiter, 100) == 10
    assert len(asked) == 11
    wait = (await take(limiter)).retry_after
    clock.now += wait - 1
    assert (await take(limiter)).retry_after == pytest.approx(1)
    assert (await take(limiter, key="other")).allowed
    assert len(asked) == 12


# --- What shared memory has beyond that -----------------------------------------------------------

_TAKER = """
import sys
from pathlib import Path
from edgewright.bindings.rate_limit.limiter import Limit
from edgewright.bindings.rate_limit.shared import SharedLimiter
limiter = SharedLimiter(Path(sys.argv[1]), lambda: 6_000_000.0)
print("ready", flush=True)
sys.stdin.readline()
for n in range(20_000):
    if limiter.take(Limit("n", 10_000, 60), "k").allowed:
        print("x", flush=n % 100 == 0)
"""


async def _taker(path: Path) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _TAKER, str(path), stdin=pipe, stdout=pipe
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def test_processes_count_together_exactly(tmp_path: Path) -> None:
    takers = [await _taker(tmp_path / "rates") for _ in range(3)]
    outputs = await asyncio.gather(*(taker.communicate(b"go\n") for taker in takers))
    assert sum(output.count(b"x") for output, _ in outputs) == 10_000


async def test_a_process_that_is_killed_holds_nobody_up(tmp_path: Path) -> None:
    for _ in range(5):
        taker = await _taker(tmp_path / "rates")
        assert taker.stdin is not None
        assert taker.stdout is not None
        taker.stdin.write(b"go\n")
        await taker.stdout.readline()
        taker.kill()
        await taker.wait()
    limiter = SharedLimiter(tmp_path / "rates", lambda: 6_000_000.0)
    assert limiter.take(Limit("n", 1, 60), "new").allowed
    limiter.close()


def test_counts_survive_a_restart(tmp_path: Path) -> None:
    for expected in (True, False):
        limiter = SharedLimiter(tmp_path / "rates", lambda: 6_000_000.0)
        assert limiter.take(Limit("n", 1, 60), "k").allowed is expected
        limiter.close()
