"""What a Worker exports beside its default, and what a service binding says when it calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright import ConfigError
from tests.support.running import Run, Running

HERE = Path(__file__).parent / "entrypoints"


@pytest.fixture
async def caller(run: Run) -> Running:
    return await run(HERE / "caller", others=[HERE / "named"])


async def test_the_default_export_may_be_a_class(caller: Running) -> None:
    said = await caller.json("/PLAIN")
    assert said == {"default": "http://x/here", "env": "text", "props": {}}


async def test_a_named_class_gets_the_props_of_its_binding(caller: Running) -> None:
    props = {"role": "root", "scopes": ["a", "b"]}
    assert await caller.json("/ADMIN") == {"admin": "1", "props": props}


async def test_a_named_object_is_called_like_a_default_one(caller: Running) -> None:
    assert await caller.json("/OBJECT") == {"object": "text", "props": {}, "self": True}


async def test_a_class_without_fetch_says_so(caller: Running) -> None:
    said = await caller.text("/SILENT")
    assert said == "TypeError: Handler does not export a fetch() function."


async def test_an_entrypoint_that_there_is_not_stops_the_start(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(
        'main = "a.js"\nname = "a"\n'
        '[[services]]\nbinding = "B"\nservice = "named"\nentrypoint = "text"\n'
    )
    (tmp_path / "a.js").write_text("export default {};")
    with pytest.raises(ConfigError) as caught:
        await run(tmp_path, others=[HERE / "named"])
    assert str(caught.value) == (
        'a: the service binding B leads to the entrypoint "text" of the Worker "named", which '
        "exports Admin, Silent, default, object"
    )
