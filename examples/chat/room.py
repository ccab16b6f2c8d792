"""The room: whatever one of its guests says, all hear."""

from __future__ import annotations

import argparse
import asyncio
import json

from websockets.asyncio.server import ServerConnection, broadcast, serve


class Room:
    def __init__(self) -> None:
        self._guests: set[ServerConnection] = set()

    async def __call__(self, guest: ServerConnection) -> None:
        self._guests.add(guest)
        name = ""
        try:
            async for message in guest:
                name = json.loads(message)["name"]
                broadcast(self._guests, message)
        finally:
            self._guests.remove(guest)
            broadcast(self._guests, json.dumps({"name": name, "event": "left"}))


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8789)
    async with serve(Room(), "127.0.0.1", parser.parse_args().port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
