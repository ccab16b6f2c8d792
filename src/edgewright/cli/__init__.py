"""The command line. Commands only gather settings; the rooms do the work."""

from edgewright.cli.commands import main
from edgewright.cli.kv import kv

main.add_command(kv)

__all__ = ["main"]
