"""`route` and `routes` in a configuration."""

from __future__ import annotations

from typing import Any

import pytest

from edgewright.config.routes import parse_route, read_routes
from edgewright.config.worker_config import ConfigError


def matches(pattern: str, url: str) -> bool:
    scheme, _, rest = url.partition("://")
    host, _, target = rest.partition("/")
    return parse_route(pattern, "w").matches(scheme, host, f"/{target}")


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("example.com/*", ["http://example.com/", "https://example.com/a/b?c"], ["http://a.com/"]),
        ("*example.com/*", ["http://my-example.com/", "http://a.example.com/"], ["http://e.com/"]),
        ("*.example.com/*", ["http://a.b.example.com/x"], ["http://example.com/"]),
        (
            "example.com/",
            ["http://example.com/"],
            ["http://example.com/a", "http://example.com/?a"],
        ),
        ("example.com", ["http://example.com/"], ["http://example.com/a"]),
        (
            "example.com/a*",
            ["http://example.com/abc", "http://example.com/a?b"],
            ["http://x.com/A"],
        ),
        ("example.com/a", ["http://example.com/a"], ["http://example.com/A"]),
        ("https://example.com/*", ["https://example.com/"], ["http://example.com/"]),
        ("EXAMPLE.com/*", ["http://example.com/"], []),
        ("*/*", ["http://anything/at/all"], []),
        ("*", ["http://anything/at/all?even"], []),
        ("[::1]/*", ["http://[::1]/"], ["http://[::2]/"]),
    ],
)
def test_what_a_pattern_matches(pattern: str, yes: list[str], no: list[str]) -> None:
    assert [url for url in yes if not matches(pattern, url)] == []
    assert [url for url in no if matches(pattern, url)] == []


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", "each must be a pattern"),
        ("/a*", "names no host"),
        ("example.com/*.jpg", "a \\* where the host begins and where the path ends"),
        ("a.*.com/", "a \\* where the host begins and where the path ends"),
        ("example.com*", "a \\* where the host begins and where the path ends"),
        ("example.com/a?b*", "must have no query"),
        ("example.com:8080/*", "must have no port"),
        ("ftp://example.com/*", "must begin with a host name, http:// or https://"),
        ("exa mple.com/", "a host name that is none"),
        ("bücher.example/*", "punycode"),
    ],
)
def test_a_broken_pattern_says_what_is_wrong(pattern: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_routes({"routes": [pattern]}, "wrangler.toml")


def read(*routes: Any) -> list[str]:
    return [route.pattern for route in read_routes({"routes": list(routes)}, "wrangler.toml")]


def test_there_is_one_or_several() -> None:
    assert [r.pattern for r in read_routes({"route": "a.com/*"}, "w")] == ["a.com/*"]
    assert read("a.com/*", {"pattern": "b.com/*", "zone_name": "b.com"}) == ["a.com/*", "b.com/*"]
    with pytest.raises(ConfigError, match="use one of them"):
        read_routes({"route": "a.com/*", "routes": []}, "w")


def test_a_custom_domain_is_a_host_with_all_its_paths() -> None:
    (route,) = read_routes({"routes": [{"pattern": "a.com", "custom_domain": True}]}, "w")
    assert route.matches("http", "a.com", "/any/path?query")
    for pattern in ("*.a.com", "a.com/b"):
        with pytest.raises(ConfigError, match="custom domain"):
            read({"pattern": pattern, "custom_domain": True})


def test_what_is_no_route_says_so() -> None:
    with pytest.raises(ConfigError, match='"patern" is not supported'):
        read({"patern": "a.com/*"})
    with pytest.raises(ConfigError, match="routes must be a list"):
        read_routes({"routes": "a.com/*"}, "w")
