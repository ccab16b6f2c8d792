"""Comments that take a finding back: `// edgewright-ignore RULE[, RULE] because …`.

One that stands behind code is for its own line, one that stands alone for the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from edgewright.check.finding import RULES, Finding
from edgewright.check.syntax import Source

_COMMENT = re.compile(r"edgewright-ignore[:\s]+([a-z-]+(?:\s*,\s*[a-z-]+)*)")


class Ignored:
    """What the comments of a module say."""

    def __init__(self, source: Source) -> None:
        self._rules: dict[int, set[str]] = {}
        self.unknown: list[Finding] = []
        """Comments that name a rule that there is not."""
        lines = source.text.split("\n")
        for comment in source.comments:
            found = _COMMENT.search(comment.text)
            if found is None:
                continue
            line, column = source.place(comment.start)
            alone = not lines[line - 1][: column - 1].strip()
            last, _ = source.place(comment.end)
            names = {name.strip() for name in found[1].split(",")}
            self._rules.setdefault(last + 1 if alone else line, set()).update(names)
            for name in sorted(names - RULES.keys()):
                text = f'There is no rule "{name}" to ignore; there are {", ".join(RULES)}.'
                self.unknown.append(Finding("ignore", "warning", "proved", text, comment))

    def takes_back(self, finding: Finding) -> bool:
        line, _ = finding.node.source.place(finding.node.start)
        return finding.rule in self._rules.get(line, ())


def without_ignored(sources: list[Source], findings: list[Finding]) -> Iterator[Finding]:
    ignored = {source.specifier: Ignored(source) for source in sources}
    for finding in findings:
        if not ignored[finding.node.source.specifier].takes_back(finding):
            yield finding
    for each in ignored.values():
        yield from each.unknown
