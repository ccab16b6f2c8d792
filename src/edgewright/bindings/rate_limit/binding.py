"""A rate limit as one Worker has it in `env`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Annotated

import msgspec

from edgewright.bindings.binding import (
    BadOperation,
    Cancellable,
    Operation,
    OperationError,
    Result,
    Settle,
    arguments,
)
from edgewright.bindings.rate_limit.limiter import Limit, Limiter, Verdict

_LONGEST_KEY = 64 * 1024


class _Take(msgspec.Struct, array_like=True):
    key: Annotated[str, msgspec.Meta(max_length=_LONGEST_KEY)]
    amount: Annotated[int, msgspec.Meta(ge=1, le=2**31)]


class RateLimitBinding:
    """See Binding."""

    kind = "rate_limit"

    def __init__(self, limit: Limit, limiter: Limiter) -> None:
        self._limit = limit
        self._limiter = limiter

    def too_large(self, size: int) -> OperationError | None:
        return OperationError("A rate limit takes no body.") if size else None

    def repeatable(self, method: str) -> bool:
        return True  # A request that begins again is counted again.

    def start(self, operation: Operation, settle: Settle) -> Cancellable | None:
        if operation.method != "limit":
            raise BadOperation(f"a rate limit has no {operation.method!r}")
        take = arguments(operation.arguments, _Take)
        verdict = self._limiter.take(self._limit, take.key, take.amount)
        if isinstance(verdict, Verdict):
            settle(Result(verdict.allowed))
            return None
        return asyncio.get_running_loop().create_task(_later(verdict, settle))


async def _later(verdict: Awaitable[Verdict], settle: Settle) -> None:
    settle(Result((await verdict).allowed))
