"""What can go wrong with Logpush."""

from __future__ import annotations


class LogpushError(Exception):
    """Logs can't be pushed as is asked for; the message is for the person."""


class NotDelivered(Exception):
    """This time. The message is for the log."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        """Seconds that the other side wants to be left alone."""
