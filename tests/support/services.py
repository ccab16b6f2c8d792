"""Service bindings where there are none."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edgewright.config.limits import Limits
from edgewright.gateway.active import ActiveRequest
from edgewright.gateway.errors import UnknownWorker
from edgewright.messages import Request
from edgewright.outside.service import OutsideService


class NoWorkers:
    """A node that has no other Workers."""

    outside: Mapping[str, OutsideService] = MappingProxyType({})

    def limits(self, name: str) -> Limits:
        return Limits()

    def begin_at_once(self, name: str, request: Request, depth: int) -> ActiveRequest | None:
        raise UnknownWorker(name)

    async def begin(self, name: str, request: Request, depth: int) -> ActiveRequest:
        raise UnknownWorker(name)
