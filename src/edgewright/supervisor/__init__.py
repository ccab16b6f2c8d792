"""Processes: binds the port, starts the gateways, replaces those that die, and ends them all."""

from edgewright.supervisor.admin import AdminAddress
from edgewright.supervisor.serve import ServeSettings, run

__all__ = ["AdminAddress", "ServeSettings", "run"]
