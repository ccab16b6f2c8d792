"""Which requests a Worker is not even woken for: the limits that a configuration sets on routes."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterator
from functools import lru_cache
from urllib.parse import unquote

from edgewright.bindings.rate_limit.limiter import Limit, Limiter, Verdict
from edgewright.config.binding_config import RateRule
from edgewright.messages import Request

Then = Callable[[float | None], None]
"""Is told None for a request that may go on; else the seconds until it might."""

_URLS = 256
"""How many URLs it is remembered of which rules are for them."""
_LONGEST_URL = 1024


class RateRules:
    """The rules of one Worker, in their order."""

    def __init__(self, worker: str, rules: list[RateRule], limiter: Limiter) -> None:
        self._limiter = limiter
        self._rules = [_Rule(worker, rule) for rule in rules]
        # Who asks for one thing asks again.
        self._matching = lru_cache(maxsize=_URLS)(self._rules_for)
        self._waiting: set[asyncio.Task[None]] = set()

    def check(self, request: Request, then: Then) -> None:
        """Counts the request by all rules that are for it, until one is at its limit. `then` is
        called before this returns where the counters are near."""
        url = request.url
        find = self._matching if len(url) <= _LONGEST_URL else self._rules_for
        self._go_on(request, iter(find(request.method, url)), then)

    def _rules_for(self, method: str, url: str) -> list[_Rule]:
        place = _place(url)
        return [rule for rule in self._rules if rule.matches(method, place)]

    def _go_on(self, request: Request, rest: Iterator[_Rule], then: Then) -> None:
        for rule in rest:
            verdict = self._limiter.take(rule.limit, rule.key(request))
            if not isinstance(verdict, Verdict):
                waiting = self._wait(verdict, request, rest, then)
                task = asyncio.get_running_loop().create_task(waiting)
                self._waiting.add(task)
                task.add_done_callback(self._waiting.discard)
                return
            if not verdict.allowed:
                then(verdict.retry_after)
                return
        then(None)

    async def _wait(
        self,
        verdict: Awaitable[Verdict],
        request: Request,
        rest: Iterator[_Rule],
        then: Then,
    ) -> None:
        known = await verdict
        if known.allowed:
            self._go_on(request, rest, then)
        else:
            then(known.retry_after)


class _Rule:
    def __init__(self, worker: str, rule: RateRule) -> None:
        name = f"rule {worker} {rule.route} {','.join(rule.methods)} {rule.by}"
        self.limit = Limit(name, rule.limit, rule.period)
        self._methods = frozenset(rule.methods)
        self._fits = _pattern(rule.route)
        self.key = _by(rule.by)
        """What a request is counted under."""

    def matches(self, method: str, place: str) -> bool:
        """Whether the rule is for such requests."""
        return not (self._methods and method not in self._methods) and bool(self._fits(place))


def _pattern(route: str) -> Callable[[str], object]:
    """`/path/*` of any host, or `host/path/*`; a star stands for anything."""
    host, slash, path = route.partition("/")
    hosts = "[^/]*".join(map(re.escape, (host.lower() or "*").split("*")))
    paths = ".*".join(map(re.escape, (path if slash else "*").split("*")))
    return re.compile(f"{hosts}/{paths}", re.DOTALL).fullmatch


def _place(url: str) -> str:
    """Host and path as the Worker's URL parser has them (URL §4.4), with what is percent-encoded
    for no reason decoded: no way of writing a path gets around a rule for it."""
    host, _, path = url[url.index("://") + 3 :].partition("/")
    path = path.partition("?")[0].partition("#")[0]
    if _UNUSUAL.search(path) is not None:
        path = _normal(path)
    host = host.rpartition("@")[2].lower()
    if ":" in host:
        host = _PORT.sub("", host)
    return f"{host.removesuffix('.')}/{path}"


_PORT = re.compile(r":\d*$")
_UNUSUAL = re.compile(r"[%\\]|(^|/)\.")


def _normal(path: str) -> str:
    kept: list[str] = []
    parts = re.split(r"[/\\]", path)
    for number, part in enumerate(parts):
        plain = re.sub("%2e", ".", part, flags=re.IGNORECASE)
        last = number == len(parts) - 1
        if plain in (".", ".."):
            if plain == ".." and kept:
                kept.pop()
            if last:
                kept.append("")
        else:
            # A slash that is encoded separates nothing.
            kept.append(unquote(re.sub("%2f", "%252f", part, flags=re.IGNORECASE)))
    return "/".join(kept)


def _by(by: str) -> Callable[[Request], str]:
    if by == "all":
        return lambda request: ""
    if by == "ip":
        return lambda request: _network(_header(request, "cf-connecting-ip"))
    name = by.removeprefix("header:").lower()
    return lambda request: _header(request, name)


def _header(request: Request, name: str) -> str:
    headers = request.headers
    return ", ".join([headers[i + 1] for i in range(0, len(headers), 2) if headers[i] == name])


def _network(address: str) -> str:
    """Who has an address of IPv6 has 2⁶⁴ of them."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address
