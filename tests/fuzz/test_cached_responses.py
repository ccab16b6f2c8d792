"""Upstreams say what they like of how their responses may be cached, clients what they like of what
they have, and Workers what they like in `cf`: a cache makes sense of it, or takes no notice."""

from __future__ import annotations

import json
import math
from typing import Any

from fuzzing import search
from hypothesis import example, given
from hypothesis import strategies as st

from edgewright.cache.cache_control import directives
from edgewright.cache.policy import Override, conditions, freshened, lifetime, matches
from edgewright.cache.record import Record
from edgewright.cache.rules import read_rule
from edgewright.cache.selecting import select

NOW = 1.8e9

latin = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=12)
numbers = st.sampled_from(["0", "-1", "60", "1.5", "9" * 5000, "²", "٣", "0x1", "+1", "1_0", ""])
dates = st.one_of(
    latin,
    st.sampled_from(
        [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994", "Sun, 99 Feb 0000 99:99:99 GMT", "0",
            "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:60 GMT",
            "Mon, ²² Jan 2026 ²²:00:00 GMT",
        ]
    ),
)  # fmt: skip
directive_names = st.sampled_from(
    ["max-age", "s-maxage", "private", "no-cache", "no-store", "public", "must-revalidate",
     "proxy-revalidate", "must-understand", "stale-while-revalidate", "stale-if-error", "MAX-AGE"]
)  # fmt: skip
arguments = st.one_of(
    st.just(""),
    numbers.map("={}".format),
    numbers.map('="{}"'.format),
    st.sampled_from(['="set-cookie, etag"', '="', "=", '="\\', ';a=",', ' = "', '="\\"', "=a\tb"]),
    latin,
)
cache_controls = st.lists(
    st.one_of(st.tuples(directive_names, arguments).map("".join), latin), max_size=5
).map(",".join)
fields = st.one_of(
    st.tuples(st.sampled_from(["cache-control", "cdn-cache-control"]), cache_controls),
    st.tuples(
        st.sampled_from(["date", "expires", "last-modified", "if-modified-since", "if-range"]),
        dates,
    ),
    st.tuples(st.sampled_from(["age", "content-length"]), numbers | latin),
    st.tuples(
        st.sampled_from(["etag", "if-none-match", "if-range"]),
        st.sampled_from(['"a"', 'W/"a"', "a", '"', "*", '"a,b", "c', ",", "", 'W/"'] ) | latin,
    ),
    st.tuples(
        st.just("range"),
        st.sampled_from(
            ["bytes=0-", "bytes=-5", "bytes=5-1", "bytes=-", "bytes=0-0,2-", "bytes=-0",
             "bytes=" + "9" * 5000 + "-", "bytes=²-", "BYTES = 1 - 2", "lines=1-2", "bytes=٣-٤"]
        ) | latin,
    ),
    st.tuples(
        st.sampled_from(["vary", "connection"]),
        st.sampled_from(["*", "accept", "a,,b", ", *", "cache-control, etag", "\xe9"]) | latin,
    ),
    st.tuples(st.sampled_from(["set-cookie", "authorization", "content-encoding"]), latin),
)  # fmt: skip
headers = st.lists(fields, max_size=6).map(lambda pairs: [part for pair in pairs for part in pair])
statuses = st.sampled_from([200, 200, 204, 206, 301, 304, 404, 500, 100, 599, 0])
overrides = st.sampled_from([None, None, Override(None), Override(-1), Override(0), Override(60)])


@search
@given(statuses, headers, headers, headers, overrides, st.booleans())
# Of much of it no more is made than of little.
@example(200, ["cache-control", '"' + " " * 100_000 + '"'], [], [], None, True)
@example(200, ["cache-control", 'max-age="' + "\\," * 50_000], [], [], None, True)
@example(200, ["cdn-cache-control", "a=" + " " * 100_000 + ";"], [], [], None, True)
@example(200, ["vary", "a," * 50_000], [], ["a", "," * 50_000], None, True)
def test_whatever_an_upstream_says_it_is_stored_for_some_time_or_not_at_all(
    status: int,
    answered: list[str],
    update: list[str],
    asked: list[str],
    override: Override | None,
    heuristic: bool,
) -> None:
    found = lifetime(
        status, answered, asked, requested=NOW - 1, now=NOW, override=override, heuristic=heuristic
    )
    if found is None:
        return
    assert {"connection", "content-length", "age"}.isdisjoint(found.headers[::2])
    for seconds in (found.age, found.fresh, found.while_revalidate, found.if_error):
        assert math.isfinite(seconds)
        assert seconds >= 0
    assert matches(found.vary, asked)
    conditions(found.headers)
    assert len(freshened(found.headers, update)) % 2 == 0


@search
@given(statuses, headers, headers, st.integers(-1, 20))
@example(200, ["etag", '"a"'], ["if-none-match", "," * 100_000], 5)
def test_whatever_a_client_has_it_gets_a_part_of_what_is_stored(
    status: int, stored: list[str], asked: list[str], size: int
) -> None:
    record = Record(
        id="", key="", partition="", cache="", url="", vary=[], status=status, status_text="",
        headers=stored, requested=NOW, born=NOW - 5, fresh_until=0, revalidate_until=0,
        error_until=0, tags=[], size=size,
    )  # fmt: skip
    selected = select(record, asked, NOW, "HIT")
    assert selected.status in (status, 206, 304, 416)
    if size >= 0:
        assert 0 <= selected.start <= selected.end <= size or selected.status == 416
    if selected.status == 416:
        assert selected.start == selected.end


@search
@given(st.lists(latin | cache_controls, max_size=3))
def test_the_first_of_each_directive_counts(lines: list[str]) -> None:
    found = directives([part for line in lines for part in ("cache-control", line)])
    for name in found:
        assert name == name.lower()
        assert name


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | latin | numbers,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(latin | numbers, inner, max_size=3),
    max_leaves=4,
)  # fmt: skip
rules = st.dictionaries(
    st.sampled_from(
        ["cacheEverything", "cacheForceRevalidate", "cacheKey", "cacheLevel", "cacheTags",
         "cacheTtl", "cacheTtlByStatus"]
    ),
    anything | st.dictionaries(
        st.sampled_from(["200", "200-299", " 4 ", "٣٣٣", "500-400", "1e3"]), anything, max_size=3
    ),
)  # fmt: skip


@search
@given(rules, statuses)
def test_whatever_a_worker_wants_of_the_cache_makes_sense_or_is_ignored(
    cf: dict[str, Any], status: int
) -> None:
    rule = read_rule(json.loads(json.dumps(cf)))
    if rule is None:
        return
    override = rule.override(status)
    if override is not None and override.ttl is not None:
        assert -1 <= override.ttl <= 10 * 366 * 86_400
