"""The command line. Commands only gather settings; the rooms do the work."""

from edgewright.cli.cache import cache
from edgewright.cli.check import check
from edgewright.cli.commands import main
from edgewright.cli.kv import kv
from edgewright.cli.secret import secret
from edgewright.cli.tail import tail
from edgewright.cli.trace import trace

main.add_command(cache)
main.add_command(check)
main.add_command(kv)
main.add_command(secret)
main.add_command(tail)
main.add_command(trace)

__all__ = ["main"]
