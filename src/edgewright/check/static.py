"""All rules, for the code of one Worker."""

from __future__ import annotations

from edgewright.build import WorkerBundle
from edgewright.check.finding import Finding
from edgewright.check.ignore import without_ignored
from edgewright.check.program import Program
from edgewright.check.rules.floating import floating
from edgewright.check.rules.lost_update import lost_update
from edgewright.check.rules.missing_binding import missing_binding
from edgewright.check.rules.no_timeout import no_timeout
from edgewright.check.rules.sequential import sequential
from edgewright.check.rules.shared_state import shared_state
from edgewright.check.taint import Taint


def findings_of(bundle: WorkerBundle, *, configured: bool = True) -> list[Finding]:
    """What there is to say, in the order of the code. Only where a Worker is `configured` by a file
    is it known which bindings it has."""
    program = Program(bundle.main, bundle.modules)
    reachable = program.reachable()
    found = [
        *shared_state(program, reachable, Taint(program)),
        *lost_update(program, reachable),
        *sequential(program, reachable),
        *floating(program, reachable),
        *(missing_binding(program, reachable, bundle) if configured else ()),
        *no_timeout(program, reachable),
    ]
    sources = [module.source for module in program.modules.values()]
    kept = without_ignored(sources, found)
    return sorted(kept, key=lambda each: (each.node.source.specifier, each.node.start, each.rule))
