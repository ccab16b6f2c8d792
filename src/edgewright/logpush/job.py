"""What is pushed where: jobs, as the platform's API has them.

https://developers.cloudflare.com/logs/logpush/logpush-job/api-configuration/
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from edgewright.logpush.destination import parse_destination
from edgewright.logpush.errors import LogpushError
from edgewright.logpush.fields import DEFAULT_FIELDS, FIELDS

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class OutputOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a line holds, and for which requests there is one."""

    field_names: tuple[str, ...] = DEFAULT_FIELDS
    sample_rate: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    output_type: Literal["ndjson"] = "ndjson"


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One destination, and how it is served."""

    destination_conf: str
    name: str = ""
    """Of its folder in the buffer."""
    enabled: bool = True
    dataset: Literal["workers_trace_events"] = "workers_trace_events"
    output_options: OutputOptions = OutputOptions()
    max_upload_bytes: Annotated[int, msgspec.Meta(ge=1000)] = 5_000_000
    """Of a batch, uncompressed."""
    max_upload_records: Annotated[int, msgspec.Meta(ge=1)] = 100_000
    max_upload_interval_seconds: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    """How long a line waits for others."""
    max_buffer_mb: Annotated[int, msgspec.Meta(ge=1)] = 1024
    """What may wait on disk; Edgewright's own."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    jobs: list[Job]


def read_jobs(values: Sequence[str]) -> list[Job]:
    """Each value is a destination (`https://…`), or the path of a TOML or JSON file with a list
    `jobs`. Raises LogpushError."""
    jobs: list[Job] = []
    for value in values:
        found = [Job(destination_conf=value)] if "://" in value else _from_file(Path(value))
        jobs += [_checked(job) for job in found if job.enabled]
    names = [job.name for job in jobs]
    for name in names:
        if names.count(name) > 1:
            raise LogpushError(
                f'there are two Logpush jobs named "{name}": their names must differ'
            )
    return jobs


def _from_file(path: Path) -> list[Job]:
    try:
        text = path.read_text()
        document: Any = msgspec.json.decode(text) if path.suffix == ".json" else tomllib.loads(text)
        return msgspec.convert(document, _File).jobs
    except OSError as error:
        raise LogpushError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, msgspec.MsgspecError) as error:
        raise LogpushError(f"{path}: {error}") from error


def _checked(job: Job) -> Job:
    """With a name. Raises LogpushError."""
    parse_destination(job.destination_conf)
    for name in job.output_options.field_names:
        if name not in FIELDS:
            raise LogpushError(f'there is no field "{name}"; there are {", ".join(FIELDS)}')
    if not job.name:
        # Not the parameters: a new password is no new job.
        where = job.destination_conf.partition("?")[0]
        return msgspec.structs.replace(job, name=hashlib.sha256(where.encode()).hexdigest()[:12])
    if not _NAME.fullmatch(job.name):
        raise LogpushError(
            f'"{job.name}" is no name of a job: letters, digits, "_", "." and "-" are'
        )
    return job
