"""What is an origin, and in which form it goes on."""

from __future__ import annotations

import pytest

from edgewright.origin import parse_origin


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://Example.com/", "https://example.com"),
        ("HTTP://[::1]:80", "http://[::1]:80"),
    ],
)
def test_an_origin_is_scheme_host_and_port(text: str, origin: str) -> None:
    assert parse_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "example.com",
        "ftp://example.com",
        "http://",
        "http://example.com/path",
        "http://example.com?query",
        "http://example.com#fragment",
        "http://user:password@example.com",
        "http://example.com:port",
        "http://example.com:99999",
        "http://[::1",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_origin(text)
