"""What `edgewright check` tells: for people as other linters write it, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edgewright.check.finding import Certainty, Finding, Severity
from edgewright.check.syntax import Node
from edgewright.excerpt import display_path, source_excerpt


@dataclass(frozen=True, slots=True)
class Place:
    path: str | None
    line: int
    column: int
    """From 1, in characters; both are 0 where it is about the whole file."""
    text: str = ""
    excerpt: str = ""

    @property
    def title(self) -> str:
        if self.path is None:
            return ""
        return f"{self.path}:{self.line}:{self.column}: " if self.line else f"{self.path}: "


@dataclass(frozen=True, slots=True)
class Problem:
    rule: str
    severity: Severity
    certainty: Certainty
    text: str
    place: Place
    related: list[Place] = field(default_factory=list[Place])


def problem_of(finding: Finding, files: Mapping[str, Path]) -> Problem:
    return Problem(
        finding.rule,
        finding.severity,
        finding.certainty,
        finding.text,
        _place(finding.node, files),
        [_place(mark.node, files, mark.text) for mark in finding.marks],
    )


def as_text(problem: Problem) -> str:
    """`file:line:column: severity: what [rule]`, the code, and other places below it."""
    kind = problem.severity if problem.certainty == "proved" else f"{problem.severity}, possible"
    lines = [f"{problem.place.title}{kind}: {problem.text} [{problem.rule}]"]
    lines += [problem.place.excerpt] if problem.place.excerpt else []
    for place in problem.related:
        lines.append(f"  {place.title}{place.text}")
        lines += [place.excerpt] if place.excerpt else []
    return "\n".join(lines)


def as_json(problem: Problem) -> dict[str, Any]:
    return {
        "rule": problem.rule,
        "severity": problem.severity,
        "certainty": problem.certainty,
        "message": problem.text,
        **_json_place(problem.place),
        "related": [{**_json_place(place), "message": place.text} for place in problem.related],
    }


def summary(problems: Sequence[Problem]) -> str:
    """`2 warnings, 1 note`."""
    counts = [
        f"{count} {severity}{'' if count == 1 else 's'}"
        for severity in ("error", "warning", "note")
        if (count := sum(problem.severity == severity for problem in problems))
    ]
    return ", ".join(counts) or "Nothing to say."


def _json_place(place: Place) -> dict[str, Any]:
    known = asdict(place)
    return {name: known[name] for name in ("path", "line", "column")}


def _place(node: Node, files: Mapping[str, Path], text: str = "") -> Place:
    source = node.source
    line, column = source.place(node.start)
    path = files.get(source.specifier)
    name = source.specifier if path is None else display_path(path)
    return Place(name, line, column, text, source_excerpt(source.text, line, column))
