"""The processes that isolates live in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from edgewright.gateway.hosts import HostPool


@pytest.fixture
async def pool() -> AsyncIterator[HostPool]:
    pool = HostPool(standby=True)
    yield pool
    await pool.close()


async def test_nobody_waits_for_a_process_that_starts_where_there_is_room(pool: HostPool) -> None:
    first = await pool.warm()
    starting = asyncio.create_task(pool.warm("alone"))
    await asyncio.sleep(0)
    assert await pool.warm() is first
    assert not starting.done()
    assert (await starting).reserved == "alone"


async def test_a_process_of_ones_own_gives_way_to_the_others(pool: HostPool) -> None:
    shared, own = await pool.warm(), await pool.warm("alone")
    assert await pool.warm("alone") is own
    assert await pool.warm() is shared
    priorities = [os.getpriority(os.PRIO_PROCESS, host.process.pid) for host in (shared, own)]
    assert priorities[0] < priorities[1]


async def test_one_that_has_died_is_given_to_nobody(pool: HostPool) -> None:
    dead = await pool.warm()
    dead.process.kill()
    await dead.process.wait()
    assert await pool.warm() is not dead
