"""Tests that search for inputs that break something: shortly, or as long as `make fuzz` says."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from hypothesis import HealthCheck, settings

search = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""Decorates a test that is given generated input."""


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs a coroutine to its end; nothing may have failed behind its back, nor be left over."""
    failures: list[dict[str, Any]] = []

    async def watched() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: failures.append(context))
        await asyncio.wait_for(main(), 300)
        await settled(lambda: len(asyncio.all_tasks()) <= 2)

    asyncio.run(watched())
    assert not failures, failures


async def settled(condition: Callable[[], bool], patience: float = 10) -> None:
    """Lets the event loop go on until something is so. Its patience is counted in rounds and not
    on the clock: the machine may have had other things to do."""
    for round in range(50 + int(patience * 100)):
        if condition():
            return
        await asyncio.sleep(0 if round < 50 else 0.01)
    raise AssertionError("it did not come true")


async def given_up_on(awaitable: Awaitable[Any], *expected: type[BaseException]) -> Any:
    """The result, or None where it failed in an expected way."""
    try:
        return await awaitable
    except expected:
        return None
