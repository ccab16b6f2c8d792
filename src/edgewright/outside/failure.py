"""A request that can't even be made."""

from __future__ import annotations

import asyncio

from edgewright.subrequest.upstream import Settle, SubrequestError


class FailsLater:
    """A Subrequest that fails: not before its maker knows of it."""

    def __init__(self, settle: Settle, error: SubrequestError) -> None:
        self._handle = asyncio.get_running_loop().call_soon(settle, error)

    def cancel(self) -> None:
        self._handle.cancel()
