"""What a tail event leaves out."""

from __future__ import annotations

import pytest

from edgewright.observe.tail_event import redacted_headers, redacted_url


@pytest.mark.parametrize(
    "name", ["cookie", "set-cookie", "authorization", "x-api-key", "x-secret", "x-token", "x-jwt"]
)
def test_headers_that_may_hold_a_secret(name: str) -> None:
    assert redacted_headers([name, "it", "accept", "*/*"]) == {name: "REDACTED", "accept": "*/*"}


def test_values_of_one_name_are_joined() -> None:
    assert redacted_headers(["accept", "a", "accept", "b"]) == {"accept": "a, b"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://h/users/0123456789abcdef0123456789abcdef", "http://h/users/REDACTED"),
        ("http://h/01234567-89ab-cdef-0123-456789abcdef?x", "http://h/REDACTED?x"),
        ("http://h/?t=eyJhbGciOiJIUzI1NiIsInR5", "http://h/?t=REDACTED"),
        (
            "http://h/a-long-but-harmless-path-of-words",
            "http://h/a-long-but-harmless-path-of-words",
        ),
        ("http://h/short", "http://h/short"),
    ],
)
def test_what_looks_like_an_id(url: str, shown: str) -> None:
    assert redacted_url(url) == shown
