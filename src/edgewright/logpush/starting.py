"""Whether requests are pushed: decided before what it takes is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgewright.observe.trace import Tracing

if TYPE_CHECKING:
    from edgewright.logpush.pusher import Logpush


def start_logpush(values: Sequence[str], state: Path, tracing: Tracing) -> Logpush | None:
    """An observer to be entered, if there are any jobs; requests are traced then. See read_jobs().
    Raises LogpushError."""
    if not values:
        return None
    from edgewright.logpush.job import read_jobs
    from edgewright.logpush.pusher import Logpush

    jobs = read_jobs(values)
    if not jobs:
        return None
    tracing.keep_on()
    return Logpush(jobs, state / "logpush")
