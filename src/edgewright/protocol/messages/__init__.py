"""The turn's vocabulary: events go into an isolate, commands come out of it.

A message is a JSON array whose first element names it, so that V8's own parser reads it and a
person can too. `runtime/src/protocol.ts` mirrors this folder; a test fails when they drift.

Conventions:
- `headers` is flat: name, value, name, value. Names are lower case; values are byte strings
  (Latin-1), as the Fetch standard has them.
- Bytes never go into the JSON. A message that carries bytes says how many (`inline`, `size`), and
  they stand in the frame's attachments, in the order of the messages.
- Ids of requests and streams are the gateway's, ids of ops and sinks are the isolate's. A *stream*
  is a body that the gateway holds; a *sink* is a body that the isolate produces. In the same way, a
  *websocket* is one that the gateway holds; a *port* is one that the isolate speaks on itself, and
  its id is the isolate's.
- A body is told by at most one of `inline` (bytes beside this message), `stream` and `sink`; when
  all are null there is no body at all (which is not the same as an empty one).
"""

from edgewright.protocol.messages.commands import *
from edgewright.protocol.messages.events import *
from edgewright.protocol.messages.parts import *
from edgewright.protocol.messages.start import *
from edgewright.protocol.messages.turn import *
