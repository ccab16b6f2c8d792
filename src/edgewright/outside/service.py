"""What the operator says a service is: an ASGI application, or an origin.

That is never a Worker's to say: an application runs inside of the gateway, and an origin is reached
whatever Workers may reach otherwise.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, Protocol

from edgewright.config.worker_config import ConfigError
from edgewright.messages import Request
from edgewright.outside.asgi import AsgiService
from edgewright.outside.url import UrlService
from edgewright.subrequest.upstream import Settle, Subrequest


class OutsideService(Protocol):
    """Answers requests that Workers make by a service binding."""

    async def open(self) -> None:
        """Before the first request. Raises ConfigError."""
        ...

    def start(self, request: Request, settle: Settle) -> Subrequest:
        """Lets it answer. `settle` is called later, once."""
        ...

    async def close(self) -> None:
        """Ends what is under way."""
        ...


def outside_service(name: str, target: Any) -> OutsideService:
    """`target` is "asgi:module:app", "https://…", or an ASGI application. Raises ConfigError."""
    if callable(target):
        return AsgiService(name, target)
    if not isinstance(target, str):
        raise ConfigError(f'The service "{name}" must be a URL or an ASGI application.')
    scheme, _, rest = target.partition(":")
    if scheme == "asgi":
        return AsgiService(name, _application(name, rest))
    if scheme in ("http", "https"):
        return UrlService(name, target)
    raise ConfigError(
        f'The service "{name}" must be asgi:module:app, http://… or https://…, not "{target}".'
    )


def _application(name: str, place: str) -> Any:
    """What "package.module:app" names, from the folder that we are in."""
    module, _, path = place.partition(":")
    if not module or not path:
        raise ConfigError(f'The service "{name}": asgi:{place} must be asgi:module:app.')
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except Exception as error:
        raise ConfigError(
            f'The service "{name}": asgi:{place} can\'t be loaded: {type(error).__name__}: {error}'
        ) from error
    if not callable(found):
        raise ConfigError(f'The service "{name}": asgi:{place} is no ASGI application.')
    return found
