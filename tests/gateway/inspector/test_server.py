"""Who may use DevTools: programs of this machine and a browser's own front-end, but no page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from devtools import DevTools
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from edgewright.build import WorkerBundle
from edgewright.gateway.inspector.link import Link
from edgewright.gateway.inspector.server import InspectorError, InspectorServer, listen
from edgewright.gateway.inspector.targets import Target, Targets


@dataclass
class Endpoints:
    address: str

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        def get() -> tuple[int, Any]:
            try:
                with urlopen(Request(f"http://{self.address}{path}", headers=headers)) as response:
                    return response.status, json.load(response)
            except HTTPError as error:
                return error.code, None

        return await asyncio.to_thread(get)


@pytest.fixture
async def endpoints() -> AsyncIterator[Endpoints]:
    targets = Targets()
    link = Link()
    for name in ("shop", "stock"):
        main = "worker:/index.js"
        files = {main: Path(f"/srv/{name}/index.js")}
        targets.put(name, Target(link, WorkerBundle(name, main, {main: ""}, files=files)))
    async with InspectorServer(targets, listen(0)) as server:
        yield Endpoints(server.url("shop").partition("ws=")[2].partition("/")[0])
    link.close()


async def test_each_worker_is_listed(endpoints: Endpoints) -> None:
    status, found = await endpoints.get("/json/list")
    assert status == 200
    assert [each["id"] for each in found] == ["shop", "stock"]
    assert found[0]["webSocketDebuggerUrl"] == f"ws://{endpoints.address}/shop"
    assert found[0]["url"] == "file:///srv/shop/index.js"
    assert await endpoints.get("/json") == (200, found)


async def test_the_version_is_told(endpoints: Endpoints) -> None:
    status, found = await endpoints.get("/json/version")
    assert status == 200
    assert found["Protocol-Version"] == "1.3"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9229", "[::1]:1"])
async def test_this_machines_names_are_fine(endpoints: Endpoints, host: str) -> None:
    assert (await endpoints.get("/json", Host=host))[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:9229"])
async def test_another_name_that_leads_here_is_refused(endpoints: Endpoints, host: str) -> None:
    assert (await endpoints.get("/json", Host=host))[0] == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9229"])
async def test_a_page_is_refused(endpoints: Endpoints, origin: str) -> None:
    assert (await endpoints.get("/json", Origin=origin))[0] == 403
    with pytest.raises(InvalidStatus, match="403"):
        await connect(f"ws://{endpoints.address}/shop", origin=origin, proxy=None)  # type: ignore[arg-type]


async def test_a_browsers_own_front_end_is_let_in(endpoints: Endpoints) -> None:
    origin: Any = "devtools://devtools"
    async with connect(f"ws://{endpoints.address}/stock", origin=origin, proxy=None):
        pass


@pytest.mark.parametrize("path", ["/", "/ws"])
async def test_whoever_names_no_worker_gets_the_first(endpoints: Endpoints, path: str) -> None:
    async with DevTools(f"ws://{endpoints.address}{path}"):
        pass


async def test_what_there_is_no_worker_of_is_not_found(endpoints: Endpoints) -> None:
    with pytest.raises(InvalidStatus, match="404"):
        await connect(f"ws://{endpoints.address}/nothing", proxy=None)


def test_a_port_that_is_taken_is_told() -> None:
    with listen(0) as taken:
        taken.listen()
        with pytest.raises(InspectorError, match="can't have port"):
            listen(taken.getsockname()[1])
