"""`python -m edgewright.isolate.sandbox` closes the cage in a process that is for nothing else, and
tells which layers are missing, as JSON. That is how `edgewright doctor` finds out."""

from __future__ import annotations

import json

from edgewright.isolate.sandbox import close_cage

if __name__ == "__main__":
    print(json.dumps(close_cage()))
