"""V8, through pydeno: the only module that knows pydeno's API.

pydeno is young, so every use of it is here and each fact that this file relies on has a test in
`tests/isolate/test_engine_contract.py`.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import pydeno

from edgewright.isolate.inspector import Address
from edgewright.isolate.layer import is_ours, lazy_binary, lazy_script
from edgewright.isolate.natives import IsolateNatives
from edgewright.isolate.worker_modules import ENTRY, WorkerModules
from edgewright.protocol.framing import MAX_FRAME
from edgewright.protocol.messages import Load, LoadError


def _set_flags(*flags: str) -> None:
    """For all isolates of this process; V8 takes flags before the first one only."""
    set_flags = cast(
        Callable[[list[str]], list[str]],
        pydeno._pydeno._set_v8_flags,  # pyright: ignore
    )
    if unknown := set_flags(list(flags)):
        raise RuntimeError(f"V8 does not know {unknown}")


# A Worker makes no code from strings: eval(), Function() and their like throw an EvalError. The
# runtime layer's own scripts are compiled by the engine itself, which may.
_set_flags(
    "--disallow-code-generation-from-strings",
    # V8 leaves the check for interruptions out of loops that it might unroll: nothing could stop
    # them.
    "--no-turboshaft-loop-unrolling",
    # What an isolate leaves behind V8 keeps for the next one, without bound and without end: the
    # memory of a Worker that went over its limit would stay with its process.
    "--no-memory-pool-share-memory-on-teardown",
    # WebAssembly's memories count nowhere, and grow by an instruction: 128 MiB at most, each.
    f"--wasm-max-mem-pages={(128 << 20) // (64 << 10)}",
)

STARTUP_EXCEEDED = "Script startup exceeded CPU time limit."
"""The platform's words."""

_COLLECT_TIMEOUT = 2.0


_T = TypeVar("_T")
_Entry = Callable[..., "str | list[Any] | None"]


class TurnTimeout(Exception):
    """A turn took too long and was stopped; the isolate lives, see Isolate.resume()."""


class IsolateGone(Exception):
    """The isolate ended (out of memory, terminated); throw it away."""

    def __init__(self, outcome: str, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message


def build_snapshot(runtime: str) -> bytes:
    """A V8 start-up snapshot with the runtime layer loaded."""
    builder = pydeno.SnapshotBuilder()
    builder.execute_script("edgewright:runtime", runtime)
    return builder.build()


class Isolate:
    """One V8 heap on one thread. Use it from the thread that made it."""

    def __init__(
        self,
        snapshot: bytes,
        *,
        heap_bytes: int,
        buffer_bytes: int,
        start_timeout: float,
        inspector: Address | None = None,
    ) -> None:
        self.on_wake: Callable[[], None] | None = None
        """Called, on a thread of the engine's or of the natives' pool, when there are commands or
        events and no turn to take them."""
        self.natives = IsolateNatives(self._wake)
        self._runtime = pydeno.Runtime(
            pydeno.RuntimeConfig(
                snapshot=snapshot,
                max_heap_size=heap_bytes,
                max_buffer_bytes=buffer_bytes,
                max_serialization_bytes=MAX_FRAME,
                timeout=start_timeout,  # of all that doesn't bring its own: that is, of load()
                inspector=None if inspector is None else pydeno.InspectorConfig(*inspector),
            )
        )
        endpoints = self._runtime.inspector_endpoints()
        self.inspector_path = "" if endpoints is None else urlsplit(endpoints.websocket_url).path
        """Where the inspector's WebSocket is, at the address that it was given."""
        self._modules: WorkerModules | None = None
        self.entrypoints: list[str] = []
        """What the Worker exports that may be called; it is the Worker who says so."""
        self._cpu_clock = 0
        self._pardoned_ms = 0.0
        self._termination = self._runtime.termination_handle()
        self._terminated = False
        bind = self._runtime.bind_function
        bind("__entropy", secrets.token_bytes)
        bind("__lazyScript", lazy_script)
        bind("__lazyBinary", lazy_binary)
        bind("__cpuClock", self._read_cpu_clock)
        bind("__pardon", self._pardon)
        bind("__wake", self._wake)
        bind("__asset", self._asset)
        bind("__builtIn", self._built_in)
        bind("__isOurs", is_ours)
        bind("__exported", self._exported)
        bind("__callNative", self.natives.call)
        bind("__startNative", self.natives.start)
        bind("__openNative", self.natives.open)
        bind("__stepNative", self.natives.step)
        bind("__closeNative", self.natives.close)
        bind("__endNatives", self.natives.end)
        # The runtime layer takes these functions off the global object and keeps them to itself.
        self._runtime.eval("__start()")
        self._turn: _Entry = self._runtime.eval("__turn")
        self._proceed: _Entry = self._runtime.eval("__proceed")
        self._resume: _Entry = self._runtime.eval("__resume")
        self._collect: Callable[..., int] = self._runtime.eval("__collect")
        self._web_assembly_bytes: Callable[..., int] = self._runtime.eval("__webAssemblyBytes")
        self._runtime.eval(
            "delete globalThis.__turn; delete globalThis.__proceed; delete globalThis.__resume;"
            "delete globalThis.__collect; delete globalThis.__webAssemblyBytes; 0"
        )

    def load(self, load: Load, blob: bytes = b"") -> LoadError | None:
        """Evaluates the Worker's modules. `blob` holds those that are no ES modules."""
        modules = self._modules = WorkerModules(load, blob, inspected=bool(self.inspector_path))
        self._runtime.set_module_resolver(modules.resolve)
        self._runtime.set_module_loader(modules.source)
        try:
            self._runtime.eval_module(ENTRY)
        except pydeno.JavaScriptError as error:
            return _thrown(error)
        except pydeno.RuntimeTimeout:
            return LoadError("Error", STARTUP_EXCEEDED)
        except pydeno.RuntimeTerminated:
            if self._terminated:
                return LoadError("Error", STARTUP_EXCEEDED)
            return LoadError("RangeError", "The Worker ran out of memory while starting.")
        except RuntimeError as error:
            return _unloadable(str(error))
        modules.started = True
        return None

    def turn(
        self, json: str, blob: bytes | None, cpu_ms: float, *, timeout: float
    ) -> tuple[str, bytes] | None:
        """Hands in a batch of events; `cpu_ms` is what the CPU clock shows. None when there are
        events left for proceed(). Raises TurnTimeout and IsolateGone."""
        return self._enter(self._turn, json, blob, cpu_ms, timeout=timeout)

    def proceed(self, *, timeout: float) -> tuple[str, bytes] | None:
        """Goes on with a turn, as turn() does."""
        return self._enter(self._proceed, timeout=timeout)

    def resume(self, cpu_limit_ms: float, *, timeout: float) -> tuple[str, bytes] | None:
        """After a TurnTimeout: the guilty request fails, or begins anew if the event has had less
        than the limit; then as proceed()."""
        return self._enter(self._resume, cpu_limit_ms, timeout=timeout)

    def terminate(self) -> None:
        """Ends the isolate at the next place where V8 can be interrupted. From any thread."""
        self._terminated = True
        self._termination.terminate()

    def memory(self) -> int:
        """Bytes of V8's heap, of ArrayBuffers and of WebAssembly's memories, garbage included.
        Raises IsolateGone."""
        stats = self._runtime.get_stats()
        counted = stats.heap_used_bytes + stats.external_memory_bytes
        with contextlib.suppress(TurnTimeout):
            counted += self._call(self._web_assembly_bytes, timeout=_COLLECT_TIMEOUT)
        return counted

    def collect_garbage(self) -> None:
        """Takes some 10 ms. Raises IsolateGone."""
        with contextlib.suppress(TurnTimeout):
            self._call(self._collect, timeout=_COLLECT_TIMEOUT)

    def cpu_ns(self) -> int:
        """CPU time that the isolate's thread has used so far, in nanoseconds."""
        return time.clock_gettime_ns(self._cpu_clock)

    def take_pardoned_ns(self) -> int:
        """CPU time since the last call that is not the Worker's, in nanoseconds."""
        pardoned, self._pardoned_ms = self._pardoned_ms, 0.0
        return int(pardoned * 1e6)

    def close(self) -> None:
        """Ends the isolate. pydeno's objects must go on the thread that made them, so they go now
        and not when the garbage collector comes by."""
        self.natives.end_all()
        self._runtime.close()
        del self._runtime, self._turn, self._proceed, self._resume, self._collect
        del self._web_assembly_bytes
        del self._termination

    def _call(self, function: Callable[..., _T], *arguments: object, timeout: float) -> _T:
        try:
            return function(*arguments, timeout=timeout)
        except pydeno.RuntimeTimeout as error:
            raise TurnTimeout from error
        except pydeno.RuntimeTerminated as error:
            if self._terminated:
                raise IsolateGone("exceededCpu", "Worker exceeded CPU time limit.") from error
            raise IsolateGone("exceededMemory", "Worker exceeded memory limit.") from error
        except (pydeno.JavaScriptError, RuntimeError) as error:
            raise IsolateGone("internalError", str(error)) from error

    def _enter(
        self, function: _Entry, *arguments: object, timeout: float
    ) -> tuple[str, bytes] | None:
        result = self._call(function, *arguments, timeout=timeout)
        if result is None:
            return None
        json, blob = (result, b"") if isinstance(result, str) else result
        if "\\ud" in json:
            json = _LONE_SURROGATE.sub(lambda found: found[1] or "\ufffd", json)
        return json, blob

    def _asset(self, specifier: str) -> str | bytes:
        return "" if self._modules is None else self._modules.asset(specifier)

    def _built_in(self, specifier: str) -> str | None:
        return None if self._modules is None else self._modules.built_in(specifier)

    def _exported(self, name: str) -> None:
        self.entrypoints.append(name)

    def _wake(self) -> None:
        if self.on_wake is not None:
            self.on_wake()

    def _pardon(self, milliseconds: float) -> None:
        self._pardoned_ms += milliseconds

    def _read_cpu_clock(self) -> float:
        """Called by the runtime layer, and so on the isolate's own thread. In milliseconds."""
        if not self._cpu_clock:
            self._cpu_clock = time.pthread_getcpuclockid(threading.get_ident())
        return time.clock_gettime_ns(self._cpu_clock) / 1e6


_LONE_SURROGATE = re.compile(r"(\\\\)|\\ud[89a-f][0-9a-f]{2}")
"""In what JSON.stringify() gives, which escapes no other; (a backslash is there to be skipped). A
Worker may well have such a string, to log or to throw; UTF-8 can't."""


def _thrown(error: pydeno.JavaScriptError) -> LoadError:
    line, column, specifier = 0, 0, ""
    for frame in error.frames:
        name = frame.get("file_name", "")
        if name.startswith("worker:"):
            specifier = name
            line, column = frame.get("line_number", 0), frame.get("column_number", 0)
            break
    return LoadError(
        error.name or "Error",
        error.message or str(error),
        error.stack or "",
        specifier,
        line,
        column,
    )


_POSITION = re.compile(r"\n\s+at (?P<specifier>worker:\S+?):(?P<line>\d+):(?P<column>\d+)\s*$")
_PROBLEM = re.compile(r"(?:Uncaught |ValueError: )(?P<text>.*)", re.DOTALL)


def _unloadable(text: str) -> LoadError:
    """A LoadError from pydeno's message about a module that did not compile or link."""
    specifier, line, column = "", 0, 0
    if position := _POSITION.search(text):
        specifier = position["specifier"]
        line, column = int(position["line"]), int(position["column"])
        text = text[: position.start()]
    if problem := _PROBLEM.search(text):
        text = problem["text"]
    name, separator, message = text.partition(": ")
    if not separator or not name.endswith("Error"):
        name, message = "Error", text
    return LoadError(name, message, "", specifier, line, column)
