"""`python -m edgewright.isolate.sandbox` closes the cage in a process that is for nothing else, and
tells of each layer what it gives or why it is missing, as JSON. So `edgewright doctor` finds out.
"""

from __future__ import annotations

import json

from edgewright.isolate.sandbox import LAYERS, close_cage

if __name__ == "__main__":
    missing = close_cage(data_bytes=1 << 30)
    print(
        json.dumps(
            {
                name: {"missing": missing[name]} if name in missing else {"gives": gives}
                for name, gives in LAYERS.items()
            }
        )
    )
