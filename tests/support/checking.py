"""Findings in the code of small Workers."""

from __future__ import annotations

from edgewright.build import WorkerBundle
from edgewright.check.finding import Finding
from edgewright.check.static import findings_of

MAIN = "worker:/index.js"


def findings(source: str | dict[str, str]) -> list[Finding]:
    """Of a module, or of several by their names."""
    modules = {"index.js": source} if isinstance(source, str) else source
    named = {f"worker:/{name}": text for name, text in modules.items()}
    return findings_of(WorkerBundle("test", MAIN, named), configured=False)


def brief(source: str | dict[str, str]) -> list[str]:
    """Each finding as `line rule`; a `?` follows what is only possible. Without the note that
    time-outs are missing, which is given of nearly all."""
    return [
        f"{each.node.source.place(each.node.start)[0]} {each.rule}"
        f"{'' if each.certainty == 'proved' else '?'}"
        for each in findings(source)
        if each.rule != "no-timeout"
    ]
