"""The behaviours that the public HTTP caching test-suite names (https://github.com/http-tests/
cache-tests), by its names. Left out is what it has for browsers only, or for Surrogate-Control, and
repetitions of one case for headers that no cache treats by name.

A number as a header's value is a date, so many seconds from the request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["required", "optimal", "check"]
Headers = list[tuple[str, str | int]]


@dataclass
class Step:
    """A request, what the origin says to it, and what is expected of it."""

    response: Headers = field(default_factory=Headers)
    request: Headers = field(default_factory=Headers)
    expect: str | None = None
    """cached, not_cached, etag_validated or lm_validated."""
    pause: bool = False
    """Three seconds pass after it."""
    method: str = "GET"
    path: str = "/"
    status: int = 200
    text: str | None = None
    lost: bool = False
    """The origin can't be reached."""
    gets: dict[str, str | int] = field(default_factory=dict[str, str | int])
    """Headers of the response; a number is what it is at least."""
    lacks: list[str] = field(default_factory=list[str])
    sends: dict[str, str | None] = field(default_factory=dict[str, str | None])
    """Headers of the request to the origin; None for one that is not to be there."""
    gets_status: int | None = None
    gets_text: str | None = None


@dataclass
class Case:
    kind: Kind
    steps: list[Step]


CASES: dict[str, Case] = {}

FRESH: Headers = [("expires", 100000), ("cache-control", "max-age=100000"),
                  ("last-modified", 0), ("date", 0)]  # fmt: skip
STALE: Headers = [("expires", -5000), ("last-modified", -100000), ("date", 0)]
SOON: Headers = [("cache-control", "max-age=2")]


def _case(id: str, kind: Kind, *steps: Step) -> None:
    assert id not in CASES, id
    CASES[id] = Case(kind, list(steps))


def _then(id: str, kind: Kind, expect: str, *response: tuple[str, str | int]) -> None:
    """One response, a pause, and what the next request gets."""
    _case(id, kind, Step(list(response), pause=True), Step(expect=expect))


def _cc(id: str, kind: Kind, expect: str, *values: str) -> None:
    _then(id, kind, expect, *[("cache-control", value) for value in values])


# --- Freshness: Cache-Control --------------------------------------------------------------------

_then("freshness-none", "check", "not_cached")
_cc("freshness-max-age", "optimal", "cached", "max-age=3600")
_case("freshness-max-age-stale", "required", Step(SOON, pause=True), Step(expect="not_cached"))
_cc("freshness-max-age-0", "required", "not_cached", "max-age=0")
_cc("freshness-max-age-max-minus-1", "optimal", "cached", "max-age=2147483647")
_cc("freshness-max-age-max", "optimal", "cached", "max-age=2147483648")
_cc("freshness-max-age-max-plus-1", "optimal", "cached", "max-age=2147483649")
_cc("freshness-max-age-max-plus", "optimal", "cached", "max-age=99999999999")
_then("freshness-max-age-age", "required", "not_cached",
      ("date", 0), ("cache-control", "max-age=10"), ("age", "15"))  # fmt: skip
_then("freshness-max-age-date", "required", "not_cached",
      ("date", -7200), ("cache-control", "max-age=3600"))  # fmt: skip
_then("freshness-max-age-expires", "optimal", "cached",
      ("cache-control", "max-age=3600"), ("expires", -10000), ("date", 0))  # fmt: skip
_then("freshness-max-age-expires-invalid", "optimal", "cached",
      ("cache-control", "max-age=3600"), ("expires", "0"), ("date", 0))  # fmt: skip
_then("freshness-max-age-0-expires", "required", "not_cached",
      ("expires", 10000), ("cache-control", "max-age=0"), ("date", 0))  # fmt: skip
_cc("freshness-max-age-extension", "optimal", "cached", "foobar, max-age=3600")
_cc("freshness-max-age-case-insenstive", "optimal", "cached", "MaX-aGe=3600")
_cc("freshness-max-age-negative", "required", "not_cached", "max-age=-3600")
_cc("freshness-s-maxage-shared", "optimal", "cached", "s-maxage=3600")
_cc(
    "freshness-max-age-s-maxage-shared-longer", "required", "not_cached", "max-age=3600, s-maxage=1"
)
_cc("freshness-max-age-s-maxage-shared-longer-reversed", "required", "not_cached",
    "s-maxage=1, max-age=3600")  # fmt: skip
_cc("freshness-max-age-s-maxage-shared-longer-multiple", "required", "not_cached",
    "max-age=3600", "s-maxage=1")  # fmt: skip
_cc("freshness-max-age-s-maxage-shared-shorter", "optimal", "cached", "max-age=1, s-maxage=3600")
_then("freshness-max-age-s-maxage-shared-shorter-expires", "optimal", "cached",
      ("cache-control", "max-age=1, s-maxage=3600"), ("expires", -10000), ("date", 0))  # fmt: skip

# --- Parsing Cache-Control -----------------------------------------------------------------------

_cc("freshness-max-age-two-fresh-stale-sameline", "check", "cached", "max-age=1800, max-age=1")
_cc("freshness-max-age-two-fresh-stale-sepline", "check", "cached", "max-age=1800", "max-age=1")
_cc("freshness-max-age-two-stale-fresh-sameline", "check", "cached", "max-age=1, max-age=1800")
_cc("freshness-max-age-two-stale-fresh-sepline", "check", "cached", "max-age=1", "max-age=1800")
_cc("freshness-max-age-ignore-quoted", "required", "not_cached",
    'extension="max-age=3600", max-age=1')  # fmt: skip
_cc("freshness-max-age-ignore-quoted-rev", "required", "not_cached",
    'max-age=1, extension="max-age=3600"')  # fmt: skip
_cc("freshness-max-age-quoted", "check", "cached", 'max-age="3600"')
_cc("freshness-max-age-space-before-equals", "check", "not_cached", "max-age =3600")
_cc("freshness-max-age-space-after-equals", "check", "not_cached", "max-age= 3600")
_cc("freshness-max-age-leading-zero", "optimal", "cached", "max-age=003600")
_cc("freshness-max-age-single-quoted", "required", "not_cached", "max-age='3600'")
_cc("freshness-max-age-decimal-zero", "check", "cached", "max-age=3600.0")
_cc("freshness-max-age-decimal-five", "check", "cached", "max-age=3600.5")
_cc("freshness-max-age-a100", "check", "cached", "max-age=a3600")
_cc("freshness-max-age-100a", "check", "cached", "max-age=3600a")

# --- Cache-Control: other directives -------------------------------------------------------------

_cc("cc-resp-private-shared", "required", "not_cached", "private, max-age=3600")
_cc("cc-resp-no-store", "required", "not_cached", "no-store")
_cc("cc-resp-no-store-case-insensitive", "required", "not_cached", "No-StOrE")
_then("cc-resp-no-store-fresh", "required", "not_cached",
      ("cache-control", "max-age=10000, no-store"), ("expires", 10000), ("date", 0))  # fmt: skip
_then("cc-resp-no-cache", "required", "not_cached",
      ("cache-control", "max-age=10000, no-cache"), ("expires", 10000), ("date", 0))  # fmt: skip
_then("cc-resp-no-cache-case-insensitive", "required", "not_cached",
      ("cache-control", "max-age=10000, No-CaChE"), ("expires", 10000), ("date", 0))  # fmt: skip
_then("cc-resp-no-cache-revalidate", "optimal", "etag_validated",
      ("cache-control", "no-cache"), ("etag", '"abcd"'))  # fmt: skip
_then("cc-resp-no-cache-revalidate-fresh", "optimal", "etag_validated",
      ("cache-control", "max-age=10000, no-cache"), ("expires", 10000), ("date", 0),
      ("etag", '"abcd"'))  # fmt: skip
for _names, _id in (
    ("a", "headers-omit-headers-listed-in-Cache-Control-no-cache-single"),
    ("a, b", "headers-omit-headers-listed-in-Cache-Control-no-cache"),
):
    _case(
        _id,
        "check",
        Step([("cache-control", f'no-cache="{_names}"'), ("a", "1"), ("b", "2"), ("c", "3"),
              ("cache-control", "max-age=3600"), ("date", 0)], pause=True),
        Step(expect="cached", gets={"c": "3"}, lacks=_names.split(", ")),
    )  # fmt: skip
_then("cc-resp-must-revalidate-fresh", "optimal", "cached",
      ("cache-control", "max-age=10000, must-revalidate"), ("etag", '"abcd"'))  # fmt: skip
_then("cc-resp-must-revalidate-stale", "required", "etag_validated",
      ("cache-control", "max-age=2, must-revalidate"), ("etag", '"abcd"'))  # fmt: skip

# --- Expires -------------------------------------------------------------------------------------

_then("freshness-expires-future", "optimal", "cached", ("expires", 30 * 86400), ("date", 0))
_then("freshness-expires-past", "required", "not_cached", ("expires", -30 * 86400), ("date", 0))
_then("freshness-expires-present", "required", "not_cached", ("expires", 0), ("date", 0))
_then("freshness-expires-old-date", "required", "not_cached", ("expires", 300), ("date", 400))
_then("freshness-expires-invalid", "required", "not_cached", ("expires", "0"), ("date", 0))
_then("freshness-expires-invalid-date", "optimal", "cached", ("date", "foo"), ("expires", 10))
_then("freshness-expires-age-slow-date", "required", "not_cached",
      ("date", -10), ("expires", 10), ("age", "25"))  # fmt: skip
_then("freshness-expires-age-fast-date", "required", "not_cached",
      ("date", 10), ("expires", 20), ("age", "15"))  # fmt: skip
for _id, _value in (
    ("wrong-case-weekday", "THU, 18 Aug 2050 02:01:18 GMT"),
    ("wrong-case-month", "Thu, 18 AUG 2050 02:01:18 GMT"),
    ("wrong-case-tz", "Thu, 18 Aug 2050 02:01:18 gMT"),
    ("invalid-utc", "Thu, 18 Aug 2050 02:01:18 UTC"),
    ("invalid-2-digit-year", "Thu, 18 Aug 50 02:01:18 GMT"),
    ("invalid-no-comma", "Thu 18 Aug 2050 02:01:18 GMT"),
    ("invalid-multiple-spaces", "Thu, 18  Aug  2050 02:01:18 GMT"),
    ("invalid-date-dashes", "Thu, 18-Aug-2050 02:01:18 GMT"),
    ("invalid-time-periods", "Thu, 18 Aug 2050 02.01.18 GMT"),
    ("invalid-1-digit-hour", "Thu, 18 Aug 2050 2:01:18 GMT"),
):
    _then(f"freshness-expires-{_id}", "check", "cached", ("expires", _value), ("date", 0))

# --- Age -----------------------------------------------------------------------------------------

for _id, _ages in (
    ("nonnumeric", ["abc"]),
    ("negative", ["-7200"]),
    ("float", ["7200.0"]),
    ("suffix", ["7200,0"]),
    ("suffix-twoline", ["7200", "0"]),
    ("prefix", ["0,7200"]),
    ("prefix-twoline", ["0", "7200"]),
    ("dup-0", ["0, 0"]),
    ("dup-0-twoline", ["0", "0"]),
    ("dup-old", ["7200, 7200"]),
    ("dup-old-twoline", ["7200", "7200"]),
):
    _then(f"age-parse-{_id}", "check", "cached", ("date", 0), ("cache-control", "max-age=3600"),
          *[("age", _age) for _age in _ages])  # fmt: skip

# --- CDN-Cache-Control ---------------------------------------------------------------------------


def _cdn(id: str, kind: Kind, expect: str, value: str, *others: tuple[str, str | int]) -> None:
    _then(f"cdn-{id}", kind, expect, ("cdn-cache-control", value), *others)


_cdn("max-age", "optimal", "cached", "max-age=3600")
_cdn("max-age-max", "optimal", "cached", "max-age=2147483648")
_cdn("max-age-max-plus", "optimal", "cached", "max-age=99999999999")
_cdn("max-age-age", "required", "not_cached", "max-age=3600", ("date", 0), ("age", "7200"))
_cdn("max-age-space-before-equals", "check", "not_cached", "max-age =100",
     ("cache-control", "max-age=1"))  # fmt: skip
_cdn("max-age-space-after-equals", "check", "not_cached", "max-age= 100",
     ("cache-control", "max-age=1"))  # fmt: skip
_cdn("max-age-0", "required", "not_cached", "max-age=0")
_cdn("max-age-extension", "optimal", "cached", "foobar, max-age=3600")
_cdn("max-age-case-insensitive", "check", "cached", "MaX-aGe=3600")
_cdn("max-age-expires", "optimal", "cached", "max-age=3600", ("expires", -10000), ("date", 0))
_cdn("max-age-cc-max-age-invalid-expires", "optimal", "cached", "max-age=3600",
     ("expires", "0"), ("date", 0))  # fmt: skip
_cdn("max-age-0-expires", "required", "not_cached", "max-age=0", ("expires", 10000), ("date", 0))
_cdn(
    "max-age-short-cc-max-age", "optimal", "cached", "max-age=3600", ("cache-control", "max-age=1")
)
_cdn("max-age-long-cc-max-age", "required", "not_cached", "max-age=1",
     ("cache-control", "max-age=3600"))  # fmt: skip
_LONG: Headers = [("cache-control", "max-age=10000"), ("expires", 10000), ("date", 0)]
_cdn("private", "required", "not_cached", "private", *_LONG)
_cdn("no-cache", "required", "not_cached", "no-cache", *_LONG)
_cdn("no-store-cc-fresh", "required", "not_cached", "no-store", *_LONG)
_cdn("fresh-cc-nostore", "optimal", "cached", "max-age=10000", ("cache-control", "no-store"))
_cdn("cc-invalid-sh-type-unknown", "optimal", "not_cached", "max-age=10000, &&&&&",
     ("cache-control", "no-store"))  # fmt: skip
_cdn("cc-invalid-sh-type-wrong", "optimal", "not_cached", 'max-age="10000"',
     ("cache-control", "no-store"))  # fmt: skip
_case("cdn-remove-header", "check",
      Step([("cdn-cache-control", "foo"), *_LONG], gets={"cdn-cache-control": "foo"}))  # fmt: skip

# --- Cache-Control of requests -------------------------------------------------------------------


def _ccreq(id: str, value: str, expect: str, *response: tuple[str, str | int]) -> None:
    _case(f"ccreq-{id}", "check", Step(list(response), pause=True),
          Step(request=[("cache-control", value)], expect=expect))  # fmt: skip


_HOUR = ("cache-control", "max-age=3600")
_ccreq("ma0", "max-age=0", "not_cached", *FRESH)
_ccreq("ma1", "max-age=1", "not_cached", *FRESH)
_ccreq("magreaterage", "max-age=600", "not_cached", _HOUR, ("age", "1800"))
_ccreq("max-stale", "max-stale=1000", "cached", ("cache-control", "max-age=1"))
_ccreq("max-stale-age", "max-stale=1000", "cached", ("cache-control", "max-age=1500"),
       ("age", "2000"))  # fmt: skip
_ccreq("min-fresh", "min-fresh=2000", "not_cached", ("cache-control", "max-age=1500"))
_ccreq("min-fresh-age", "min-fresh=1000", "not_cached", ("cache-control", "max-age=1500"),
       ("age", "1000"))  # fmt: skip
_ccreq("no-cache", "no-cache", "not_cached", _HOUR)
_ccreq("no-cache-lm", "no-cache", "lm_validated", _HOUR, ("last-modified", -10000), ("date", 0))
_ccreq("no-cache-etag", "no-cache", "etag_validated", _HOUR, ("etag", '"abc"'))
_ccreq("no-store", "no-store", "not_cached", _HOUR)
_case("ccreq-oic", "check",
      Step(request=[("cache-control", "only-if-cached")], gets_status=504))  # fmt: skip

# --- Vary ----------------------------------------------------------------------------------------


def _vary(
    id: str, kind: Kind, expect: str, vary: str | list[str], first: Headers, second: Headers
) -> None:
    lines = [vary] if isinstance(vary, str) else vary
    response: Headers = [("cache-control", "max-age=5000"), ("last-modified", -3000), ("date", 0)]
    stored = Step([*response, *[("vary", line) for line in lines]], first)
    _case(f"vary-{id}", kind, stored, Step(request=second, expect=expect))


_ONE: Headers = [("foo", "1")]
_TWO: Headers = [("foo", "1"), ("bar", "abc")]
_THREE: Headers = [*_TWO, ("baz", "789")]
_vary("match", "optimal", "cached", "Foo", _ONE, _ONE)
_vary("no-match", "required", "not_cached", "Foo", _ONE, [("foo", "2")])
_vary("omit-stored", "required", "not_cached", "Foo", [], _ONE)
_vary("omit", "required", "not_cached", "Foo", _ONE, [])
_vary("cache-key", "optimal", "cached", "Foo", [*_ONE, ("other", "2")], [*_ONE, ("other", "3")])
_vary("2-match", "optimal", "cached", "Foo, Bar", _TWO, _TWO)
_vary("2-no-match", "required", "not_cached", "Foo, Bar", _TWO, [("foo", "2"), ("bar", "abc")])
_vary("2-match-omit", "required", "not_cached", "Foo, Bar", _ONE, [])
_vary("3-match", "optimal", "cached", "Foo, Bar, Baz", _THREE, _THREE)
_vary("3-no-match", "required", "not_cached", "Foo, Bar, Baz", _THREE, [("foo", "2"), *_THREE[1:]])
_vary("3-order", "required", "not_cached", "Foo, Bar, Baz",
      [("foo", "1"), ("bar", "abc4"), ("baz", "789")], _THREE)  # fmt: skip
_vary("3-omit", "optimal", "cached", "Foo, Bar, Baz", [_ONE[0], _THREE[2]], [_ONE[0], _THREE[2]])
_vary("star", "required", "not_cached", "*", _ONE, [("*", "1"), *_ONE])
_vary("normalise-space", "optimal", "cached", "Foo", [("foo", "1,2")], [("foo", " 1, 2 ")])
_vary("normalise-combine", "optimal", "cached", "Foo", [("foo", "1, 2")],
      [("foo", "1"), ("foo", "2")])  # fmt: skip
_vary("normalise-lang-order", "check", "cached", "Accept-Language",
      [("accept-language", "en, de")], [("accept-language", "de, en")])  # fmt: skip
for _id, _lines in (
    ("star", ["*"]),
    ("star-star", ["*, *"]),
    ("star-star-lines", ["*", "*"]),
    ("empty-star", [", *"]),
    ("empty-star-lines", ["", "*"]),
    ("star-foo", ["*, Foo"]),
    ("foo-star", ["Foo, *"]),
):
    _vary(f"syntax-{_id}", "required", "not_cached", _lines, _ONE, _ONE)
_VARIES: Headers = [("cache-control", "max-age=5000"), ("date", 0), ("vary", "Foo")]
_case("vary-invalidate", "optimal", Step(_VARIES, _ONE, text="one"),
      Step(_VARIES, [("foo", "2")], "not_cached", text="two"),
      Step(request=_ONE, expect="cached", gets_text="one"))  # fmt: skip

# --- Conditional requests ------------------------------------------------------------------------


def _inm(id: str, kind: Kind, tag: str, asked: str) -> None:
    _case(f"conditional-etag-{id}", kind, Step([*FRESH, ("etag", tag)]),
          Step(request=[("if-none-match", asked)], expect="cached", gets_status=304))  # fmt: skip


_inm("strong-respond", "optimal", '"abcdef"', '"abcdef"')
_inm("strong-respond-obs-text", "check", '"abcdef\xfc"', '"abcdef\xfc"')
_inm("quoted-respond-unquoted", "check", '"abcdef"', "abcdef")
_inm("unquoted-respond-unquoted", "check", "abcdef", "abcdef")
_inm("unquoted-respond-quoted", "check", "abcdef", '"abcdef"')
_inm("weak-respond", "optimal", 'W/"abcdef"', 'W/"abcdef"')
_inm("weak-respond-lowercase", "check", 'w/"abcdef"', 'w/"abcdef"')
_inm("weak-respond-backslash", "check", 'W\\"abcdef"', 'W\\"abcdef"')
_inm("weak-respond-omit-slash", "check", 'W"abcdef"', 'W"abcdef"')
_inm("strong-respond-multiple-first", "optimal", '"abcdef"', '"abcdef", "1234", "5678"')
_inm("strong-respond-multiple-second", "optimal", '"abcdef"', '"1234", "abcdef", "5678"')
_inm("strong-respond-multiple-last", "optimal", '"abcdef"', '"1234", "5678", "abcdef"')
_case("conditional-304-etag", "required", Step([*FRESH, ("etag", '"abcdef"')]),
      Step(request=[("if-none-match", '"abcdef"')], expect="cached", gets_status=304,
           gets={"etag": '"abcdef"'}))  # fmt: skip
_case("conditional-etag-precedence", "required",
      Step([("cache-control", "max-age=1000"), ("last-modified", -5000), ("etag", '"abcdef"')]),
      Step(request=[("if-none-match", '"abcdef"'), ("if-modified-since", -1)], expect="cached",
           gets_status=304))  # fmt: skip
_ABC: Headers = [("abc", "123")]
_case("conditional-etag-vary-headers", "required",
      Step([("expires", 1), ("etag", '"abcdef"'), ("date", 0), ("vary", "Abc")], _ABC, pause=True),
      Step(request=_ABC, expect="etag_validated", sends={"abc": "123"}))  # fmt: skip
_case("conditional-etag-vary-headers-mismatch", "check",
      Step([("expires", 10000), ("etag", '"abcdef"'), ("date", 0), ("vary", "Abc")], _ABC),
      Step(request=[("abc", "456")], sends={"if-none-match": None}))  # fmt: skip
for _id, _tag, _sent, _kind in (
    ("strong-generate", '"abcdef"', '"abcdef"', "optimal"),
    ("weak-generate-weak", 'W/"abcdef"', 'W/"abcdef"', "optimal"),
    ("strong-generate-unquoted", "abcdef", '"abcdef"', "check"),
):
    _case(f"conditional-etag-{_id}", _kind, Step([*SOON, ("etag", _tag)], pause=True),
          Step(expect="etag_validated", sends={"if-none-match": _sent}))  # fmt: skip
_case("conditional-etag-forward", "check", Step(request=[("if-none-match", '"abcdef"')],
      sends={"if-none-match": '"abcdef"'}))  # fmt: skip
_case("conditional-etag-forward-unquoted", "check", Step(request=[("if-none-match", "abcdef")],
      sends={"if-none-match": '"abcdef"'}))  # fmt: skip


def _ims(
    id: str, since: str | int, *response: tuple[str, str | int], expect: str = "cached"
) -> None:
    _case(f"conditional-lm-{id}", "optimal", Step(list(response)),
          Step(request=[("if-modified-since", since)], expect=expect, gets_status=304))  # fmt: skip


_DAY = ("cache-control", "max-age=100000")
_ims("fresh", -3000, _DAY, ("last-modified", -3000), ("date", 0))
_ims("fresh-earlier", -2000, _DAY, ("last-modified", -3000), ("date", 0))
_case("conditional-lm-stale", "optimal", Step([*SOON, ("last-modified", -3000)], pause=True),
      Step([("last-modified", -3003), *SOON], [("if-modified-since", -3003)], "lm_validated",
           gets_status=304))  # fmt: skip
_ims("fresh-no-lm", -3000, _DAY, ("date", 0))
_ims("fresh-rfc850", "Sunday, 06-Nov-50 08:49:37 GMT", _DAY, ("last-modified", -3000), ("date", 0))

# --- 304 -----------------------------------------------------------------------------------------

for _name, _old, _new in (
    ("Test-Header", "a", "b"),
    ("Content-Foo", "a", "b"),
    ("Content-Type", "text/plain", "text/plain;charset=utf-8"),
    ("Content-Location", "/foo", "/bar"),
    ("Content-Security-Policy", "default-src 'self'", "default-src 'self' cdn.example.com"),
    ("X-Frame-Options", "deny", "sameorigin"),
    ("Expires", "Thu, 18 Aug 2050 02:01:18 GMT", "Thu, 18 Aug 2050 03:01:18 GMT"),
    ("Clear-Site-Data", "cache", "cookies"),
):
    for _validator, _value, _expect in (
        ("last-modified", "Tue, 15 Nov 1994 12:45:26 GMT", "lm_validated"),
        ("etag", '"1"', "etag_validated"),
    ):
        _short = "lm" if _validator == "last-modified" else "etag"
        _first = Step([("cache-control", "max-age=1"), ("date", 0), (_validator, _value),
                       (_name.lower(), _old)], pause=True)  # fmt: skip
        _second: Headers = [("cache-control", "max-age=3600"), ("date", 0), (_validator, _value),
                            (_name.lower(), _new)]  # fmt: skip
        _got: dict[str, str | int] = {_name.lower(): _new}
        _case(f"304-{_short}-update-response-{_name}", "required", _first,
              Step(_second, expect=_expect, gets=_got))  # fmt: skip
        _case(f"304-{_short}-update-stored-{_name}", "required", _first,
              Step(_second, expect=_expect, pause=True),
              Step(expect="cached", gets=_got))  # fmt: skip
_LM: tuple[str, str | int] = ("last-modified", "Tue, 15 Nov 1994 12:45:26 GMT")
_case("304-lm-use-stored-Test-Header", "required",
      Step([("cache-control", "max-age=1"), _LM, ("test-header", "a")], pause=True),
      Step([("cache-control", "max-age=3600"), _LM], expect="lm_validated",
           gets={"test-header": "a"}))  # fmt: skip

# --- Stale ---------------------------------------------------------------------------------------

_case("stale-close", "check", Step(SOON, pause=True), Step(lost=True, expect="cached"))
_case("stale-503", "check", Step(SOON, pause=True), Step(status=503, gets_status=200))
_SIE: Headers = [("cache-control", "max-age=2, stale-if-error=60")]
_case("stale-sie-close", "check", Step(_SIE, pause=True), Step(lost=True, gets_status=200))
_case("stale-sie-503", "check", Step(_SIE, pause=True), Step(status=503, gets_status=200))
for _directive in ("must-revalidate", "proxy-revalidate", "no-cache", "s-maxage=2"):
    _case(f"stale-close-{_directive}", "required",
          Step([("cache-control", f"max-age=2, {_directive}")], pause=True),
          Step(lost=True, expect="not_cached"))  # fmt: skip
_case("stale-warning-become", "check", Step(SOON, pause=True),
      Step(status=503, gets={"warning": ""}))  # fmt: skip
_SWR: Headers = [("cache-control", "max-age=0, stale-while-revalidate=3600"), ("etag", '"abc"')]
_case("stale-while-revalidate", "optimal", Step(_SWR),
      Step([("cache-control", "max-age=3600"), ("etag", '"def"')], pause=True,
           gets={"etag": '"abc"'}),
      Step(expect="cached", gets={"etag": '"def"'}))  # fmt: skip
_case("stale-while-revalidate-window", "required",
      Step([("cache-control", "max-age=1, stale-while-revalidate=1"), ("etag", '"abc"')],
           pause=True),
      Step(expect="etag_validated"))  # fmt: skip
_case("stale-if-error-cc-response", "check",
      Step([("cache-control", "max-age=0, stale-if-error=3600")]),
      Step(status=500, gets_status=200))  # fmt: skip
_case("stale-if-error-cc-response-expired", "required",
      Step([("cache-control", "max-age=0, stale-if-error=1")], pause=True),
      Step(status=500, gets_status=500))  # fmt: skip
_SIE_ASKED: Headers = [("cache-control", "stale-if-error=3600")]
_case("stale-if-error-cc-request", "check", Step([("cache-control", "max-age=0")]),
      Step(request=_SIE_ASKED, status=500, gets_status=200))  # fmt: skip

# --- Methods and invalidation --------------------------------------------------------------------

for _method in ("POST", "PUT", "DELETE", "M-SEARCH"):
    _case(f"invalidate-{_method}", "required", Step(FRESH), Step(method=_method),
          Step(expect="not_cached"))  # fmt: skip
    _case(f"invalidate-{_method}-failed", "optimal", Step(FRESH), Step(method=_method, status=500),
          Step(expect="cached"))  # fmt: skip
    for _header, _short in (("location", "location"), ("content-location", "cl")):
        _case(f"invalidate-{_method}-{_short}", "required", Step(FRESH, path="/target"),
              Step([(_header, "/target")], method=_method),
              Step(path="/target", expect="not_cached"))  # fmt: skip
_case("method-POST", "check", Step(FRESH, method="POST"), Step(method="POST", expect="not_cached"))
_case("head-writethrough", "required", Step(FRESH), Step(method="HEAD", expect="cached"))

# --- Statuses ------------------------------------------------------------------------------------

for _status in (200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503,
                504, 599):  # fmt: skip
    _case(f"status-{_status}-stale", "required", Step(STALE, status=_status),
          Step(status=_status, expect="not_cached"))  # fmt: skip
    _case(f"status-{_status}-fresh", "optimal", Step(FRESH, status=_status),
          Step(expect="cached", gets_status=_status))  # fmt: skip

# --- Ranges --------------------------------------------------------------------------------------


def _whole(id: str, range: str, text: str) -> None:
    _case(f"partial-store-complete-reuse-partial{id}", "optimal",
          Step([_HOUR], text="0123456789A"),
          Step(request=[("range", range)], expect="cached", gets_status=206,
               gets_text=text))  # fmt: skip


def _part(id: str, range: str, text: str) -> None:
    _case(f"partial-store-partial-reuse-partial{id}", "optimal",
          Step([_HOUR, ("content-range", "bytes 5-9/10")], [("range", "bytes=-5")], status=206,
               text="01234", sends={"range": "bytes=-5"}),
          Step(request=[("range", range)], expect="cached", gets_status=206,
               gets_text=text))  # fmt: skip


_whole("", "bytes=0-1", "01")
_whole("-no-last", "bytes=1-", "123456789A")
_whole("-suffix", "bytes=-1", "A")
_part("", "bytes=-5", "01234")
_part("-byterange", "bytes=6-8", "123")
_part("-absent", "bytes=6-", "1234")
_part("-suffix", "bytes=-1", "4")

# --- Authorization and the rest ------------------------------------------------------------------

_AUTH: Headers = [("authorization", "FOO")]
for _id, _response, _kind, _expect in (
    ("", ("expires", 30 * 86400), "required", "not_cached"),
    ("-public", ("cache-control", "max-age=3600, public"), "optimal", "cached"),
    ("-must-revalidate", ("cache-control", "max-age=3600, must-revalidate"), "optimal", "cached"),
    ("-smaxage", ("cache-control", "s-maxage=3600"), "optimal", "cached"),
):
    _case(f"other-authorization{_id}", _kind,
          Step([_response, ("date", 0)], _AUTH, sends={"authorization": "FOO"}, pause=True),
          Step(expect=_expect))  # fmt: skip
_MONTH: Headers = [("expires", 30 * 86400), ("date", 0)]
_case("other-age-gen", "required", Step(_MONTH, pause=True), Step(expect="cached", gets={"age": 3}))
_case("other-age-update-expires", "required", Step([*_MONTH, ("age", "30")], pause=True),
      Step(expect="cached", gets={"age": 33}))  # fmt: skip
_case("other-age-update-max-age", "required",
      Step([("cache-control", "max-age=600"), ("date", 0), ("age", "30")], pause=True),
      Step(expect="cached", gets={"age": 33}))  # fmt: skip
_case("query-args-different", "required", Step(FRESH, path="/?a"),
      Step(path="/?b", expect="not_cached"))  # fmt: skip
_case("query-args-same", "optimal", Step(FRESH, path="/?a"), Step(path="/?a", expect="cached"))
_ATTACHED = ("content-disposition", "attachment; filename=example.txt")
_then("other-heuristic-content-disposition-attachment", "check", "cached",
      ("last-modified", -100000), ("date", 0), _ATTACHED)  # fmt: skip
_then("other-fresh-content-disposition-attachment", "check", "cached", _HOUR, _ATTACHED)
_then("other-set-cookie", "optimal", "cached", _HOUR, ("set-cookie", "a=b"))
_case("other-cookie", "optimal", Step([_HOUR]),
      Step(request=[("cookie", "a=b")], expect="cached"))  # fmt: skip
