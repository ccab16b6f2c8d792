"""`services` in a configuration."""

from __future__ import annotations

from typing import Any

import pytest

from edgewright.config.services import read_services
from edgewright.config.worker_config import ConfigError, Service


def read(*entries: Any, **others: Any) -> dict[str, Service]:
    return read_services({"services": list(entries), **others}, "wrangler.toml")


def test_a_binding_leads_to_a_worker() -> None:
    assert read({"binding": "AUTH", "service": "auth"}) == {"AUTH": Service("auth")}


def test_it_may_name_an_entrypoint_and_props() -> None:
    entry = {"binding": "A", "service": "auth", "entrypoint": "Admin", "props": {"a": [1]}}
    assert read(entry) == {"A": Service("auth", "Admin", {"a": [1]})}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("auth", "each must name a binding and a service"),
        ({"binding": "A"}, "service must be a string"),
        ({"binding": "", "service": "a"}, "binding must be a string"),
        ({"binding": "A", "service": "a", "entrypoint": 1}, "entrypoint must be the name"),
        ({"binding": "A", "service": "a", "props": []}, "props must be a table"),
        ({"binding": "A", "service": "a", "environment": "x"}, '"environment" is not supported'),
    ],
)
def test_what_is_no_binding_says_why(entry: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(entry)


def test_names_are_there_once() -> None:
    with pytest.raises(ConfigError, match="two bindings named A"):
        read({"binding": "A", "service": "a"}, {"binding": "A", "service": "b"})
    with pytest.raises(ConfigError, match="two bindings named A"):
        read({"binding": "A", "service": "a"}, vars={"A": "text"})
