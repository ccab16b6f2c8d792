"""HTTP out must be right on both event loops: uvloop in a gateway, any in the Python API."""

import asyncio

import pytest
import uvloop


@pytest.fixture(
    params=[asyncio.DefaultEventLoopPolicy, uvloop.EventLoopPolicy], ids=["asyncio", "uvloop"]
)
def event_loop_policy(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoopPolicy:
    return request.param()
