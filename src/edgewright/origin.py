"""Origins as people write them: `http://host:port`."""

from __future__ import annotations

from urllib.parse import urlsplit


def parse_origin(url: str) -> str:
    """The origin in a normal form, without a slash at its end. Raises ValueError, with a sentence
    that says what is wrong with it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no origin: it should look like http://host:port")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(
            f"{url!r} holds more than an origin: leave what is not scheme, host and port"
        )
    _ = parts.port  # raises ValueError when it is none
    return f"{parts.scheme}://{parts.netloc.lower()}"
