"""What the requests of one isolate write into the log, up to the limit."""

from __future__ import annotations

from edgewright.gateway.active import ActiveRequest
from edgewright.gateway.surroundings import Surroundings
from edgewright.observe.records import LogLine
from edgewright.protocol.messages import LogCommand

_LOG_LIMIT = (
    "Log size limit exceeded: More than {kb}KB of data (across console.log statements, exception, "
    "request metadata and headers) was logged during a single request. Subsequent data for this "
    "request will not be recorded in logs, appear when tailing this Worker's logs, or in Tail "
    "Workers."
)


class Console:
    """The limit holds for a request, or for all that is said outside of any."""

    def __init__(self, around: Surroundings) -> None:
        self._worker = around.worker
        self._observer = around.observer
        self._mask = around.mask
        self._limit_kb = around.limits.log_kb
        self._logged = 0

    def heard(self, active: ActiveRequest | None, command: LogCommand) -> None:
        """The Worker's own words."""
        self._log(active, LogLine(self._worker, command.level, self._mask(command.message)))

    def warn(self, active: ActiveRequest, text: str) -> None:
        """Ours."""
        self._log(active, LogLine(self._worker, "warn", text))

    def _log(self, active: ActiveRequest | None, line: LogLine) -> None:
        size = len(line.message)
        if active is None:
            self._logged, before = self._logged + size, self._logged
        else:
            active.logged, before = active.logged + size, active.logged
        limit = self._limit_kb << 10
        if before + size <= limit:
            if active is not None and active.trace is not None:
                active.trace.log(line)
            self._observer.logged(line)
        elif before <= limit:
            text = _LOG_LIMIT.format(kb=self._limit_kb)
            self._observer.logged(LogLine(self._worker, "warn", text))
