"""Where batches go: the `destination_conf` of a job, a URL.

https://developers.cloudflare.com/logs/logpush/logpush-job/api-configuration/#destination
"""

from __future__ import annotations

import email.utils
import http.client
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from edgewright.logpush.errors import LogpushError, NotDelivered
from edgewright.subrequest.dial import tls_context

_TIMEOUT = 30.0
"""Seconds for each step of a request."""

_SCHEMES = "https://…, http://…, s3://BUCKET/… and file:///FOLDER"


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that are delivered together."""

    body: bytes
    """NDJSON, gzipped."""
    began: float
    """Seconds since 1970: when its first line was written; `ended` its last."""
    ended: float
    id: str

    def path(self, folder: str) -> str:
        """As the platform names it, in a folder whose name may have `{DATE}` in it."""
        began, ended = (datetime.fromtimestamp(at, UTC) for at in (self.began, self.ended))
        name = f"{began:%Y%m%dT%H%M%SZ}_{ended:%Y%m%dT%H%M%SZ}_{self.id}.log.gz"
        return f"{folder.replace('{DATE}', f'{began:%Y%m%d}').rstrip('/')}/{name}".lstrip("/")


class Destination(Protocol):
    """Blocks: is used on a thread of its own."""

    def send(self, batch: Batch) -> None:
        """Raises NotDelivered."""
        ...


def parse_destination(conf: str) -> Destination:
    """Raises LogpushError."""
    try:
        url = urlsplit(conf)
        _ = url.port
        conf.encode()  # an argument may be no UTF-8
    except ValueError as error:
        raise LogpushError(f"{shown(conf)} is no URL: {error}") from None
    match url.scheme:
        case "http" | "https" if url.hostname:
            return HttpDestination(url)
        case "file" if url.path.startswith("/") and not url.netloc:
            if "\0" in (folder := unquote(url.path)):
                raise LogpushError("no folder for logs can have a NUL in its name")
            return FileDestination(folder)
        case "s3" if url.netloc:
            from edgewright.logpush.s3 import S3Destination

            return S3Destination(url)
        case _:
            raise LogpushError(f"logs can be pushed to {_SCHEMES}; not to {shown(conf)}")


def shown(conf: str) -> str:
    """A destination without its parameters, which may be secrets."""
    return conf.partition("?")[0]


class FileDestination:
    """A folder; each batch becomes a file, complete or not there at all."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def send(self, batch: Batch) -> None:
        path = Path("/", batch.path(self._folder))
        unfinished = path.with_suffix(".unfinished")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                file.write(batch.body)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
        except OSError as error:
            raise NotDelivered(f"cannot write {path}: {error.strerror}") from error


class HttpDestination:
    """An endpoint that takes POST. Parameters `header_NAME` are headers of the request."""

    def __init__(self, url: SplitResult) -> None:
        parameters = parse_qsl(url.query, keep_blank_values=True)
        rest = urlencode([(k, v) for k, v in parameters if not k.startswith("header_")])
        self._url = url
        self._target = (url.path or "/") + (f"?{rest}" if rest else "")
        self._headers = {
            "User-Agent": f"edgewright/{version('edgewright')}",
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
        }
        for name, value in parameters:
            if name.startswith("header_"):
                self._headers[name.removeprefix("header_")] = value

    def send(self, batch: Batch) -> None:
        connection = self._connection()
        try:
            connection.request("POST", self._target, batch.body, self._headers)
            response = connection.getresponse()
            response.read(1 << 16)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise NotDelivered(str(error) or type(error).__name__) from error
        finally:
            connection.close()
        if not 200 <= response.status <= 299:
            after = seconds_until(response.getheader("retry-after"))
            raise NotDelivered(f"it answered {response.status} {response.reason}", after)

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
        context = tls_context(http=True)
        return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT, context=context)


def seconds_until(retry_after: str | None) -> float:
    """What a Retry-After header says (RFC 9110 §10.2.3); 0 where it makes no sense."""
    if retry_after is None:
        return 0.0
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return 0.0
