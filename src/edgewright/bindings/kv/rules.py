"""What may be kept, in the platform's words where it may not.

https://developers.cloudflare.com/kv/platform/limits/
"""

from __future__ import annotations

from edgewright.bindings.binding import OperationError

LARGEST_KEY = 512
LARGEST_VALUE = 25 * 1024 * 1024
LARGEST_METADATA = 1024
MOST_LISTED = 1000
MOST_AT_ONCE = 100
"""Keys of one get()."""
SHORTEST_CACHE = 30
SHORTEST_LIFE = 60

_LATEST = 2**53 - 1


def check_key(method: str, key: str) -> None:
    """Raises OperationError, as all of these do."""
    if key == "":
        raise OperationError("Key name cannot be empty.", "TypeError")
    if key in (".", ".."):
        raise OperationError(f'"{key}" is not allowed as a key name.', "TypeError")
    size = len(key.encode())
    if size > LARGEST_KEY:
        raise failure(
            method,
            414,
            f"UTF-8 encoded length of {size} exceeds key length limit of {LARGEST_KEY}.",
        )


def check_keys(keys: list[str]) -> None:
    """Those of a get() of several."""
    if not keys:
        raise failure("GET_BULK", 400, "You must request a minimum of 1 key")
    if len(keys) > MOST_AT_ONCE:
        raise failure("GET_BULK", 400, f"You can request a maximum of {MOST_AT_ONCE} keys")
    for key in keys:
        check_key("GET_BULK", key)


def check_cache_ttl(method: str, seconds: float | None) -> None:
    if seconds is not None and seconds < SHORTEST_CACHE:
        raise failure(
            method,
            400,
            f"Invalid cache_ttl of {_number(seconds)}. "
            f"Cache TTL must be at least {SHORTEST_CACHE}.",
        )


def expiration(now: float, at: int | None, ttl: int | None) -> int | None:
    """When an entry is to expire, in seconds since 1970."""
    now = int(now)
    if ttl is not None:
        if ttl <= 0:
            reason = "Please specify integer greater than 0."
            raise failure("PUT", 400, f"Invalid expiration_ttl of {ttl}. {reason}")
        if ttl < SHORTEST_LIFE:
            reason = f"Expiration TTL must be at least {SHORTEST_LIFE}."
            raise failure("PUT", 400, f"Invalid expiration_ttl of {ttl}. {reason}")
        return min(now + ttl, _LATEST)
    if at is None:
        return None
    if at <= now:
        reason = (
            "Please specify integer greater than the current number of seconds since the UNIX "
            "epoch."
        )
        raise failure("PUT", 400, f"Invalid expiration of {at}. {reason}")
    if at < now + SHORTEST_LIFE:
        reason = f"Expiration times must be at least {SHORTEST_LIFE} seconds in the future."
        raise failure("PUT", 400, f"Invalid expiration of {at}. {reason}")
    return min(at, _LATEST)


def check_metadata(json: str | None) -> None:
    size = 0 if json is None else len(json.encode())
    if size > LARGEST_METADATA:
        raise failure("PUT", 413, f"Metadata length of {size} exceeds limit of {LARGEST_METADATA}.")


def value_too_large(size: int) -> OperationError | None:
    if size <= LARGEST_VALUE:
        return None
    return failure("PUT", 413, f"Value length of {size} exceeds limit of {LARGEST_VALUE}.")


def check_list(prefix: str, limit: int) -> None:
    if limit > MOST_LISTED:
        reason = f"Please specify an integer less than {MOST_LISTED}."
        raise failure("GET", 400, f"Invalid key_count_limit of {limit}. {reason}")
    size = len(prefix.encode())
    if size > LARGEST_KEY:
        raise failure(
            "GET", 414, f"UTF-8 encoded length of {size} exceeds key length limit of {LARGEST_KEY}."
        )


def failure(method: str, status: int, reason: str) -> OperationError:
    return OperationError(f"KV {method} failed: {status} {reason}")


def _number(value: float) -> str:
    return f"{value:.15g}"
