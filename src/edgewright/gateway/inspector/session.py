"""One front-end at one Worker: its messages go to the isolate that has the Worker, and back.

https://chromedevtools.github.io/devtools-protocol/v8/

When the Worker gets another isolate (its code has changed, or it was lost), the session goes along:
what the front-end has set is set there again, and to the front-end it looks as if the page had been
loaded anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, WebSocketException

from edgewright.gateway.inspector.names import OURS, Names, is_ours
from edgewright.gateway.inspector.source_maps import inline_source_map
from edgewright.gateway.inspector.targets import Target, Targets

_OUR_IDS = 1 << 30
"""Front-ends count from 1."""

_KEPT = frozenset(
    "Debugger.setAsyncCallStackDepth Debugger.setBlackboxPatterns Debugger.setBreakpointsActive "
    "Debugger.setPauseOnExceptions Debugger.setSkipAllPauses Profiler.setSamplingInterval "
    "Runtime.addBinding Runtime.setAsyncCallStackDepth "
    "Runtime.setCustomObjectFormatterEnabled".split()
)
"""Commands that say how things are to be from then on."""

_NEW_ISOLATE = "The Worker was loaded into another isolate."

_Message = dict[str, Any]


class Session:
    """Until the front-end leaves."""

    def __init__(self, client: ServerConnection, targets: Targets, name: str) -> None:
        self._client = client
        self._targets = targets
        self._name = name
        self._names = Names({})
        self._isolate: ClientConnection | None = None
        self._attached = asyncio.Event()
        self._next_id = _OUR_IDS
        self._pending: dict[int, _Message] = {}
        """The front-end's commands that were not answered."""
        self._settings: dict[str, _Message] = {}
        """What to say to the next isolate, in this order."""
        self._hidden: set[str] = set()
        """The scripts that the front-end is not told of."""
        self._paused = False

    async def run(self) -> None:
        following = asyncio.create_task(self._follow())
        try:
            async for data in self._client:
                message = msgspec.json.decode(data, type=_Message)
                await self._attached.wait()
                await self._from_client(message)
        except (ConnectionClosed, msgspec.DecodeError):
            pass
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following

    async def _follow(self) -> None:
        """Keeps the session at the isolate that has the Worker."""
        target = None
        while True:
            target = await self._targets.other(self._name, target)
            with contextlib.suppress(OSError, WebSocketException):
                await self._attend(target)

    async def _attend(self, target: Target) -> None:
        link = target.link
        link.sessions += 1
        try:
            async with await link.connect() as isolate:
                self._names = Names(target.bundle.files)
                self._isolate = isolate
                await self._say_all_again(isolate)
                self._attached.set()
                tasks = [
                    asyncio.create_task(self._listen(isolate)),
                    asyncio.create_task(self._other(target)),
                ]
                try:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            link.sessions -= 1
            await self._leave()

    async def _other(self, target: Target) -> None:
        await self._targets.other(self._name, target)

    async def _leave(self) -> None:
        self._attached.clear()
        self._isolate = None
        self._hidden.clear()
        with contextlib.suppress(ConnectionClosed):
            for number in self._pending:
                error = {"code": -32000, "message": _NEW_ISOLATE}
                await self._tell_client({"id": number, "error": error})
            self._pending.clear()
            if self._paused:
                self._paused = False
                await self._tell_client({"method": "Debugger.resumed", "params": {}})
            await self._tell_client({"method": "Runtime.executionContextsCleared", "params": {}})

    # --- From the front-end -----------------------------------------------------------------------

    async def _from_client(self, message: _Message) -> None:
        if self._isolate is None:
            return
        method = message.get("method", "")
        parameters = message.setdefault("params", {})
        if method == "Debugger.setBreakpointByUrl":
            self._names.inside(parameters)
        elif method == "Debugger.setBlackboxPatterns":
            parameters["patterns"] = [*OURS, *parameters.get("patterns", [])]
        elif method == "Debugger.removeBreakpoint":
            self._settings.pop(str(parameters.get("breakpointId")), None)
        elif method.endswith(".disable"):
            self._settings.pop(method.replace(".disable", ".enable"), None)
        if method in _KEPT or method.endswith(".enable"):
            self._settings[method] = message
        if isinstance(number := message.get("id"), int):
            self._pending[number] = message
        with contextlib.suppress(ConnectionClosed):
            await self._isolate.send(msgspec.json.encode(message), text=True)
            if method == "Debugger.enable" and "Debugger.setBlackboxPatterns" not in self._settings:
                await self._say(self._isolate, "Debugger.setBlackboxPatterns", {"patterns": OURS})

    async def _say_all_again(self, isolate: ClientConnection) -> None:
        for message in self._settings.values():
            await self._say(isolate, message["method"], message["params"])

    async def _say(self, isolate: ClientConnection, method: str, parameters: _Message) -> None:
        """A command of ours, whose answer nobody waits for."""
        self._next_id += 1
        message = {"id": self._next_id, "method": method, "params": parameters}
        await isolate.send(msgspec.json.encode(message), text=True)

    # --- From the isolate -------------------------------------------------------------------------

    async def _listen(self, isolate: ClientConnection) -> None:
        async for data in isolate:
            message = msgspec.json.decode(data, type=_Message)
            number = message.get("id")
            if number is not None and number > _OUR_IDS:
                continue
            if number is not None:
                self._answered(self._pending.pop(number, {}), message)
            elif not self._event(message["method"], message["params"]):
                continue
            await self._tell_client(message)

    def _answered(self, command: _Message, answer: _Message) -> None:
        if command.get("method") == "Debugger.setBreakpointByUrl" and "result" in answer:
            self._settings[answer["result"]["breakpointId"]] = command
        self._names.outside(answer.get("result"))

    def _event(self, method: str, parameters: _Message) -> bool:
        """Whether it is for the front-end."""
        if method in ("Debugger.scriptParsed", "Debugger.scriptFailedToParse"):
            specifier = parameters["url"]
            if is_ours(specifier):
                self._hidden.add(parameters["scriptId"])
                return False
            file = self._names.files.get(specifier)
            if file is not None and parameters.get("sourceMapURL"):
                parameters["sourceMapURL"] = inline_source_map(parameters["sourceMapURL"], file)
        elif method == "Debugger.paused":
            self._paused = True
            frames = parameters["callFrames"]
            theirs = [f for f in frames if f["location"]["scriptId"] not in self._hidden]
            parameters["callFrames"] = theirs or frames
        elif method == "Debugger.resumed":
            self._paused = False
        elif "timestamp" in parameters:
            # Of a message on the console or an exception; the engine was given no clock to ask.
            parameters["timestamp"] = parameters["timestamp"] or time.time() * 1000
        self._names.outside(parameters)
        return True

    async def _tell_client(self, message: _Message) -> None:
        await self._client.send(msgspec.json.encode(message), text=True)
