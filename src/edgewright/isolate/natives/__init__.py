"""Computation that V8 lacks, done by the host process: functions that compute and reach nothing.

A *native* takes byte strings, which are its positional arguments, and options, which are its
keyword arguments and come from JSON; it gives bytes or a value for JSON, or raises NativeError. A
native with a *state* (a digest that gets its data in pieces) is a class; see registry.State.

Each file of this package is a subject (`crypto_digest.py` …) and is listed in `registry.py`. The
runtime layer's side is `runtime/src/natives.ts`. Three rules:

- Arguments are a hostile Worker's. Whatever a native raises is an error in the Worker and no more;
  but what makes it run or grow without a bound has to be refused by the native itself.
- A native that is called synchronously can't be interrupted: a few milliseconds at most. What may
  take longer is started on the pool (`pool.py`), and its result is an event of a later turn.
- CPU time is the request's own: on V8's thread it is a part of the turn's, the pool's is added to
  the turn that gets the result.
"""

from edgewright.isolate.natives.errors import NativeError
from edgewright.isolate.natives.isolate_natives import IsolateNatives

__all__ = ["IsolateNatives", "NativeError"]
