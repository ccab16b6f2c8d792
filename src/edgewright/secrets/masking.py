"""Keeps secrets out of what people read: logs and error pages.

A Worker may well put one into an exception's message or print it. What is masked is the value as it
is, not what a Worker makes of it (Base64, a part of it), and short values aren't, as they would
stand in other words as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_SHORTEST = 6
MASK = "***"

Mask = Callable[[str], str]


def no_mask(text: str) -> str:
    """For Workers without secrets."""
    return text


def mask_of(secrets: Mapping[str, str]) -> Mask:
    """Replaces the values of secrets in a text."""
    values = {value for value in secrets.values() if len(value) >= _SHORTEST}
    # Of several lines, each is one: a log may show them apart.
    values |= {line for value in values for line in value.splitlines() if len(line) >= _SHORTEST}
    if not values:
        return no_mask
    longest_first = sorted(values, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return lambda text: pattern.sub(MASK, text)
