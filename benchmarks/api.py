"""What the API costs beside workerd's: `python -m benchmarks.api`.

Small things are done a thousand times in a request, so that the request itself hardly counts.
"""

from __future__ import annotations

import sys

from benchmarks.cases import Case
from benchmarks.tables import print_table
from benchmarks.tools import FOLDER

WORKER = FOLDER / "workers" / "api.js"

CASES = (
    Case("1,000 `new URL()`", "/url", 1, "p50_us"),
    Case("1,000 `new URL()`, a search parameter set", "/changed-url", 1, "p50_us"),
    Case("1,000 `new URL()` out of the ordinary, with a base", "/odd-url", 1, "p50_us"),
    Case("1,000 `Headers`: made, changed, walked", "/headers", 1, "p50_us"),
    Case("1,000 `Response.json()`", "/json", 1, "p50_us"),
    Case("1,000 `Response.json()` and their `text()`", "/json-text", 1, "p50_us"),
    Case("1 MB subrequest, `text()`", "/text", 1, "p50_us"),
    Case("100 MB passed through", "/pass", 1, "mb_per_second"),
    Case("100 MB through an IdentityTransformStream", "/identity", 1, "mb_per_second"),
    Case("100 MB through a TransformStream", "/transform", 1, "mb_per_second"),
)


def main() -> int:
    return print_table("api", __doc__, CASES, WORKER, seconds=2)


if __name__ == "__main__":
    sys.exit(main())
