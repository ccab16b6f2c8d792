"""S3: objects in moto's server, which speaks its protocol over HTTP."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import botocore.session
import pytest
from moto.server import ThreadedMotoServer

from edgewright.logpush.destination import Batch, parse_destination
from edgewright.logpush.errors import LogpushError, NotDelivered

KEYS = "access-key-id=a&secret-access-key=b&region=eu-west-1"
BATCH = Batch(gzip.compress(b'{"Outcome":"ok"}\n'), 1764000000.0, 1764000030.0, "0a1b2c3d")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_a_batch_is_an_object(endpoint: str) -> None:
    client = botocore.session.get_session().create_client(
        "s3", region_name="eu-west-1", endpoint_url=endpoint,
        aws_access_key_id="a", aws_secret_access_key="b",
    )  # fmt: skip
    client.create_bucket(
        Bucket="logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    conf = f"s3://logs/workers/{{DATE}}?endpoint={endpoint}&{KEYS}&sse=AES256"
    parse_destination(conf).send(BATCH)
    key = "workers/20251124/20251124T160000Z_20251124T160030Z_0a1b2c3d.log.gz"
    found = client.get_object(Bucket="logs", Key=key)
    assert json.loads(gzip.decompress(found["Body"].read())) == {"Outcome": "ok"}
    assert found["ServerSideEncryption"] == "AES256"


def test_a_bucket_that_is_missing_is_told(endpoint: str) -> None:
    with pytest.raises(NotDelivered, match="NoSuchBucket"):
        parse_destination(f"s3://none/x?endpoint={endpoint}&{KEYS}").send(BATCH)


def test_a_server_that_is_away_is_told() -> None:
    with pytest.raises(NotDelivered, match="Could not connect"):
        parse_destination(f"s3://logs/x?endpoint=http://127.0.0.1:1&{KEYS}").send(BATCH)


def test_without_botocore_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(LogpushError, match=r"edgewright\[s3\]"):
        parse_destination("s3://logs/x")
