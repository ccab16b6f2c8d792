"""Why a request does not get to its Worker."""

from __future__ import annotations


class Overloaded(Exception):
    """A Worker can't take the request now."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("The Worker is overloaded.")
        self.retry_after = retry_after
        """Seconds."""


class UnknownWorker(LookupError):
    """No Worker of this name is deployed."""
