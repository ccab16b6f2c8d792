"""Which requests somebody who tails wants to see: Wrangler's options."""

from __future__ import annotations

import random
from typing import Literal

import msgspec

from edgewright.observe.records import Outcome
from edgewright.observe.trace import Trace

Status = Literal["ok", "error", "canceled"]

_CANCELED = frozenset({Outcome.CANCELED, Outcome.RESPONSE_STREAM_DISCONNECTED})


class TailFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is given must hold, all of it; of a list, one suffices. Also what a client says first on
    the tail socket, as a line of JSON."""

    worker: str | None = None
    status: list[Status] = []
    method: list[str] = []
    ip: list[str] = []
    header: str | None = None
    """`name` or `name:value`, which the value must hold."""
    search: str | None = None
    """In a console message or an exception."""
    sampling_rate: float = 1.0

    def wants(self, trace: Trace) -> bool:
        return (
            (self.worker is None or self.worker == trace.worker)
            and (not self.status or _status(trace) in self.status)
            and (not self.method or trace.method in self.method)
            and (not self.ip or _header(trace, "cf-connecting-ip") in self.ip)
            and (self.header is None or _has_header(trace, self.header))
            and (self.search is None or _says(trace, self.search))
            and (self.sampling_rate >= 1 or random.random() < self.sampling_rate)
        )


def _status(trace: Trace) -> Status:
    if trace.outcome is None or trace.outcome is Outcome.OK:
        return "ok"
    return "canceled" if trace.outcome in _CANCELED else "error"


def _header(trace: Trace, name: str) -> str | None:
    flat = trace.headers
    return next((flat[i + 1] for i in range(0, len(flat), 2) if flat[i] == name), None)


def _has_header(trace: Trace, wanted: str) -> bool:
    name, _, value = wanted.partition(":")
    found = _header(trace, name.strip().lower())
    return found is not None and value.strip() in found


def _says(trace: Trace, text: str) -> bool:
    if any(text in line.message for _, line in trace.logs):
        return True
    return trace.error is not None and (text in trace.error.message or text in trace.error.stack)
