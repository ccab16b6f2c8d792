"""The cases: what is asked of both runtimes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    path: str
    connections: int
    measure: str
    """The figure that counts: a field of PeerResult."""


CASES = (
    Case("hello, 32 connections", "/", 32, "requests_per_second"),
    Case("hello, 1 connection", "/", 1, "p50_us"),
    Case("10 subrequests, 16 connections", "/?n=10", 16, "requests_per_second"),
    Case("50 subrequests, 16 connections", "/?n=50", 16, "requests_per_second"),
    Case("50 subrequests, 1 connection", "/?n=50", 1, "p50_us"),
    Case("100 MB passed through", "/big", 1, "mb_per_second"),
)
