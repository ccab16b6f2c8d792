"""S3 and what speaks its protocol, by botocore: it signs, and it finds credentials wherever a
machine has them (environment, profile, instance role). Loaded where a job asks for it only."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote

from edgewright.logpush.destination import Batch, seconds_until
from edgewright.logpush.errors import LogpushError, NotDelivered

_PARAMETERS = ("region", "endpoint", "access-key-id", "secret-access-key", "session-token", "sse")
_TIMEOUT = 30.0


class S3Destination:
    """`s3://BUCKET/PATH?region=…&endpoint=…`; keys that are not given are botocore's to find."""

    def __init__(self, url: SplitResult) -> None:
        """Raises LogpushError."""
        self._bucket = url.netloc
        self._folder = unquote(url.path).strip("/")
        self._parameters = dict(parse_qsl(url.query))
        for name in self._parameters:
            if name not in _PARAMETERS:
                known = ", ".join(_PARAMETERS)
                raise LogpushError(f's3://{self._bucket}: "{name}" is not known; there are {known}')
        if ("access-key-id" in self._parameters) != ("secret-access-key" in self._parameters):
            raise LogpushError(
                f"s3://{self._bucket}: access-key-id and secret-access-key go together"
            )
        if importlib.util.find_spec("botocore") is None:
            raise LogpushError("to push to S3, install botocore: pip install 'edgewright[s3]'")
        self._client: Any = None

    def send(self, batch: Batch) -> None:
        exceptions = importlib.import_module("botocore.exceptions")
        try:
            self._client = self._client or self._make_client()
            extra = {"ServerSideEncryption": sse} if (sse := self._parameters.get("sse")) else {}
            self._client.put_object(
                Bucket=self._bucket,
                Key=batch.path(self._folder),
                Body=batch.body,
                ContentType="application/gzip",
                **extra,
            )
        except exceptions.ClientError as error:
            headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            raise NotDelivered(str(error), seconds_until(headers.get("retry-after"))) from error
        except (exceptions.BotoCoreError, ValueError, OSError) as error:
            raise NotDelivered(str(error)) from error

    def _make_client(self) -> Any:
        session = importlib.import_module("botocore.session").get_session()
        config = importlib.import_module("botocore.config").Config
        parameters = self._parameters
        endpoint = parameters.get("endpoint")
        if endpoint is not None and "://" not in endpoint:
            endpoint = f"https://{endpoint}"
        return session.create_client(
            "s3",
            region_name=parameters.get("region"),
            endpoint_url=endpoint,
            aws_access_key_id=parameters.get("access-key-id"),
            aws_secret_access_key=parameters.get("secret-access-key"),
            aws_session_token=parameters.get("session-token"),
            config=config(
                connect_timeout=_TIMEOUT,
                read_timeout=_TIMEOUT,
                retries={"total_max_attempts": 1},  # which are ours
                # Buckets as host names need DNS that few servers of one's own have.
                s3={"addressing_style": "path"} if endpoint else {},
                request_checksum_calculation="when_required",
            ),
        )
