"""`tail_consumers` of a configuration."""

from __future__ import annotations

from typing import Any

import pytest

from edgewright.config import ConfigError
from edgewright.config.tail_consumers import read_tail_consumers


def test_each_is_named_once() -> None:
    entries = [{"service": "a"}, {"service": "b"}, {"service": "a"}]
    assert read_tail_consumers({"tail_consumers": entries}, "w") == ["a", "b"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"service": "a"}, "w: tail_consumers must be a list"),
        ([{}], "each must name a Worker"),
        (["logs"], "each must name a Worker"),
        ([{"service": "a", "environment": "x"}], '"environment" is not supported'),
    ],
)
def test_what_makes_no_sense(value: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_tail_consumers({"tail_consumers": value}, "w")
