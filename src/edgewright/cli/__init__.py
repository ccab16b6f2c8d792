"""The command line. Commands only gather settings; the rooms do the work."""

from edgewright.cli.commands import main

__all__ = ["main"]
