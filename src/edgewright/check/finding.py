"""What there is to say of a Worker's code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from edgewright.check.syntax import Node

Severity = Literal["error", "warning", "note"]
"""An error keeps the Worker from starting. Errors and warnings make `edgewright check` fail."""

Certainty = Literal["proved", "possible"]

RULES = {
    "start": "The Worker does not start.",
    "shared-state": "Requests that run at the same time in an isolate share a variable.",
    "lost-update": "What another request writes meanwhile is overwritten.",
    "sequential": "One thing is waited for before the next is begun, which needs nothing of it.",
    "floating": "Nobody waits for a promise: what it does may be given up.",
    "missing-binding": "The code uses a binding that the configuration does not have.",
    "no-timeout": "Subrequests have no time-out.",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Another place that a finding is about."""

    node: Node
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    rule: str
    severity: Severity
    certainty: Certainty
    text: str
    """For a person: what is so, and what to do about it."""
    node: Node
    marks: list[Mark] = field(default_factory=list[Mark])


def shortened(node: Node, most: int = 40) -> str:
    """Code as it is quoted in a sentence."""
    text = " ".join(node.text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
