"""HTMLRewriter beside workerd's: `python -m benchmarks.html`."""

from __future__ import annotations

import sys

from benchmarks.cases import Case
from benchmarks.tables import print_table
from benchmarks.tools import FOLDER

WORKER = FOLDER / "workers" / "html.js"

CASES = (
    Case("a page of 5 KB, 30 links rewritten", "/page", 1, "p50_us"),
    Case("3 MB, nothing matches", "/nothing", 1, "mb_per_second"),
    Case("3 MB, 20,000 links rewritten", "/links", 1, "mb_per_second"),
    Case("3 MB, 40,000 texts read", "/text", 1, "mb_per_second"),
    Case("3 MB, 20,000 handlers that wait", "/waiting", 1, "mb_per_second"),
)


def main() -> int:
    return print_table("html", __doc__, CASES, WORKER, seconds=4)


if __name__ == "__main__":
    sys.exit(main())
