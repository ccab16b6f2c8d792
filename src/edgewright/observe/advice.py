"""What could be better about a request, as far as its trace proves it.

The isolate tells where each subrequest was made and in which response's event; and that nothing of
that response had been looked at by then. Such a subrequest did not need the response, only that
there was one: the two could have been made together. That is said of methods that change nothing
(RFC 9110 §9.2.1) and of no others, as there the order may be what matters; and only where the
request had got to know nothing else between the two calls. What is saved counts from the call until
the response's head, and is an upper bound: the request may have had other things to wait for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from edgewright.observe.spans import short_url
from edgewright.observe.trace import FetchTrace, Trace

NEAR = 0.8
"""The part of a limit from which on it is near."""

WORTH_SAYING = 0.001
"""Seconds that somebody waits or could save."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing, with its proof."""

    kind: str
    """"sequential", "duplicate", "buffered", "queued", "floating", "upstream" or "limit"."""
    text: str
    """For a person. It quotes URLs: what they hold is the Worker's or its client's."""
    at: list[str] = field(default_factory=list[str])
    """Places in the code, as V8 writes them (`worker:/index.js:3:9`)."""
    saves_ms: float | None = None
    """What could be saved at most, where that is known."""


def advice(trace: Trace) -> list[Advice]:
    """What there is to say of a finished request, most useful first."""
    fetches = list(trace.fetches.values())
    return [
        *_sequential(fetches),
        *_duplicates(fetches),
        *_buffered(fetches),
        *_queued(fetches, trace),
        *_floating(fetches),
        *_slow_upstreams(trace),
        *_near_limits(trace),
    ]


def _sequential(fetches: list[FetchTrace]) -> list[Advice]:
    found: list[Advice] = []
    for stages in _independent_stages(fetches):
        seconds = [max(_seconds(fetch) for fetch in stage) for stage in stages]
        saved = sum(seconds) - max(seconds)
        if saved < WORTH_SAYING:
            continue
        members = [fetch for stage in stages for fetch in stage]
        names = ", then ".join(" and ".join(_name(fetch) for fetch in stage) for stage in stages)
        text = (
            f"{names}: each was waited for before the next began, and nothing of a response had "
            f"been looked at by then. With Promise.all they take {_ms(max(seconds))} instead of "
            f"{_ms(sum(seconds))}: up to {_ms(saved)} less."
        )
        found.append(Advice("sequential", text, _places(members), saved * 1000))
    return found


def _independent_stages(fetches: list[FetchTrace]) -> list[list[list[FetchTrace]]]:
    """Subrequests that could have been made at once and were not: what was made together is one
    stage, which the one before it had been waited for."""
    by_op = {fetch.op: fetch for fetch in fetches}
    after: dict[int, list[FetchTrace]] = {}
    """By the op that they were made after without a need."""
    for fetch in fetches:
        cause = fetch.cause
        if cause is None or cause not in fetch.unread or cause not in by_op:
            continue
        first = by_op[cause]
        if fetch.known == first.known and fetch.method in _SAFE and first.method in _SAFE:
            after.setdefault(cause, []).append(fetch)
    followers = {fetch.op for stage in after.values() for fetch in stage}
    chains: list[list[list[FetchTrace]]] = []
    for op in after:
        if op in followers:
            continue
        chain = [[by_op[op]]]
        while following := next((after[f.op] for f in chain[-1] if f.op in after), None):
            before = {fetch.op for stage in chain for fetch in stage}
            # What any of those before has told may be what this one needs.
            free = [fetch for fetch in following if before <= fetch.unread | _later(fetch, chain)]
            if not free:
                break
            chain.append(free)
        if len(chain) > 1:
            chains.append(chain)
    return chains


def _later(fetch: FetchTrace, chain: list[list[FetchTrace]]) -> set[int]:
    """Those that had no response yet when the subrequest was made: nothing of them was known."""
    return {
        other.op
        for stage in chain
        for other in stage
        if not other.settled or other.settled > fetch.asked
    }


def _duplicates(fetches: list[FetchTrace]) -> list[Advice]:
    same: dict[int, list[FetchTrace]] = {}
    for fetch in fetches:
        if fetch.method in _SAFE and fetch.same:
            same.setdefault(fetch.same, []).append(fetch)
    found: list[Advice] = []
    for group in same.values():
        if len(group) > 1:
            text = (
                f"{_name(group[0])} was made {len(group)} times, with the same headers: keep the "
                "first one's response, or its promise."
            )
            saved = sum(_seconds(fetch) for fetch in group[1:]) * 1000
            found.append(Advice("duplicate", text, _places(group), saved))
    return found


def _buffered(fetches: list[FetchTrace]) -> list[Advice]:
    return [
        Advice(
            "buffered",
            f"The body of {_name(fetch)} ({fetch.length:,} characters or bytes) was read by "
            f"{fetch.passed} and sent on as it was. Pass response.body on instead: it then never "
            "enters the isolate, and the client gets its first byte as soon as there is one.",
            _places([fetch]),
        )
        for fetch in fetches
        if fetch.passed
    ]


def _queued(fetches: list[FetchTrace], trace: Trace) -> list[Advice]:
    waited = [
        fetch for fetch in fetches if fetch.started and fetch.started - fetch.asked > WORTH_SAYING
    ]
    if not waited:
        return []
    longest = max(fetch.started - fetch.asked for fetch in waited)
    text = (
        f"{len(waited)} of {len(fetches)} subrequests waited for one of the request's "
        f"{trace.limits.connections} connections, up to {_ms(longest)}. A connection is taken "
        "until its body is read or cancelled: read bodies as they come, or ask for less."
    )
    return [Advice("queued", text, _places(waited), longest * 1000)]


def _floating(fetches: list[FetchTrace]) -> list[Advice]:
    return [
        Advice(
            "floating",
            f"{_name(fetch)} was under way when the request ended, and was given up: await it, or "
            "give its promise to ctx.waitUntil().",
            _places([fetch]),
        )
        for fetch in fetches
        if fetch.floating
    ]


def _slow_upstreams(trace: Trace) -> list[Advice]:
    return [
        Advice(
            "upstream",
            f"{slow.origin} makes the slowest 1 % of requests slow: of the last {slow.requests} "
            f"that called it, these take {_ms(slow.p99)} or more, most of it this call, and half "
            f"of all at most {_ms(slow.median)}. Nothing bounds it: "
            "`signal: AbortSignal.timeout(ms)` does.",
            [slow.at] if slow.at else [],
        )
        for slow in trace.slow_upstreams
    ]


def _near_limits(trace: Trace) -> list[Advice]:
    limits = trace.limits
    cpu_ms = sum(turn[2] for turn in trace.turns) / 1e6
    used = [
        ("subrequests", float(trace.subrequests), limits.subrequests, ""),
        ("CPU time", cpu_ms, limits.cpu_ms, " ms"),
    ]
    return [
        Advice("limit", f"{what}: {amount:.0f} of {limit}{unit} that a request may use.")
        for what, amount, limit, unit in used
        if amount >= limit * NEAR
    ]


def _seconds(fetch: FetchTrace) -> float:
    """From the call until the response's head."""
    return max(0.0, (fetch.settled or fetch.asked) - fetch.asked)


def _name(fetch: FetchTrace) -> str:
    where = short_url(fetch.url)
    return f"{fetch.method} {where}" if fetch.service is None else f"{fetch.service} {where}"


def _places(fetches: Iterable[FetchTrace]) -> list[str]:
    return list(dict.fromkeys(fetch.at for fetch in fetches if fetch.at))


def _ms(seconds: float) -> str:
    milliseconds = seconds * 1000
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"
