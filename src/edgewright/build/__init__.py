"""From a configuration to a WorkerBundle: all the code of a Worker."""

from edgewright.build.bundle import WorkerBundle
from edgewright.build.graph import BuildError, build_bundle
from edgewright.build.load_error import format_load_error

__all__ = ["BuildError", "WorkerBundle", "build_bundle", "format_load_error"]
