"""Jobs as they are given on the command line and in files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgewright.logpush.errors import LogpushError
from edgewright.logpush.fields import DEFAULT_FIELDS
from edgewright.logpush.job import read_jobs


def test_a_url_is_a_job() -> None:
    (job,) = read_jobs(["https://logs.test/in?header_Authorization=Bearer%20x"])
    assert job.output_options.field_names == DEFAULT_FIELDS
    (same,) = read_jobs(["https://logs.test/in?header_Authorization=Bearer%20y"])
    assert job.name == same.name


def test_a_file_has_jobs_as_the_platforms_api(tmp_path: Path) -> None:
    jobs = {
        "jobs": [
            {
                "name": "a",
                "destination_conf": "file:///logs/{DATE}",
                "output_options": {"field_names": ["Outcome"], "sample_rate": 0.5},
                "max_upload_interval_seconds": 60,
            },
            {"name": "off", "destination_conf": "file:///logs", "enabled": False},
        ]
    }
    path = tmp_path / "jobs.json"
    path.write_text(json.dumps(jobs))
    toml = tmp_path / "jobs.toml"
    toml.write_text('[[jobs]]\nname = "b"\ndestination_conf = "file:///other"\n')
    a, b = read_jobs([str(path), str(toml)])
    assert (a.name, a.output_options.field_names) == ("a", ("Outcome",))
    assert b.destination_conf == "file:///other"


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ("ftp://h/x", "not to ftp://h/x"),
        ("file://host/x", "not to file://host/x"),
        ("https:///x?header_a=secret", "not to https:///x$"),
        ("s3://bucket/x?regoin=a", '"regoin" is not known'),
        ("s3://bucket/x?access-key-id=a", "go together"),
    ],
)
def test_destinations_that_there_are_not(conf: str, message: str) -> None:
    with pytest.raises(LogpushError, match=message):
        read_jobs([conf])


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ('output_options = { field_names = ["Mood"] }', 'no field "Mood"'),
        ("max_upload_seconds = 3", "max_upload_seconds"),
        ('dataset = "http_requests"', "dataset"),
        ('name = "../up"', "no name of a job"),
    ],
)
def test_jobs_that_make_no_sense(job: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "jobs.toml"
    path.write_text(f'[[jobs]]\ndestination_conf = "file:///logs"\n{job}\n')
    with pytest.raises(LogpushError, match=message):
        read_jobs([str(path)])


def test_two_jobs_of_one_name() -> None:
    with pytest.raises(LogpushError, match="two Logpush jobs"):
        read_jobs(["file:///logs", "file:///logs"])
