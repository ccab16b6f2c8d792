"""The forms that a Worker may have, its variables and its modules."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from running import Run, eventually

from edgewright import StartupError, WorkerException

HERE = Path(__file__).parent


async def test_module_form(run: Run) -> None:
    running = await run(HERE / "forms_module.js", env={"GREETING": "hello", "NESTED": {"a": [1]}})
    assert await running.json("/path?a=1", method="POST") == {
        "form": "module",
        "greeting": "hello",
        "nested": {"a": [1]},
        "method": "POST",
        "url": "http://worker.test/path?a=1",
        "ctx": "function",
        "global": "undefined",
        "self": True,
    }


async def test_classic_form_has_its_variables_as_globals(run: Run) -> None:
    running = await run(HERE / "forms_classic.js", env={"GREETING": "hello"})
    assert await running.json() == {"form": "classic", "greeting": "hello", "type": "fetch"}


async def test_classic_form_goes_on_with_wait_until(run: Run) -> None:
    running = await run(HERE / "forms_classic.js", env={"GREETING": ""})
    await running.fetch("/wait")
    assert running.logged == []
    assert await running.worker.drain()
    assert running.logged == ["waited"]


@pytest.mark.parametrize(
    ("path", "message"),
    [("/throw", "thrown by a listener"), ("/silent", "No fetch handler answered")],
)
async def test_classic_form_that_does_not_answer(run: Run, path: str, message: str) -> None:
    running = await run(HERE / "forms_classic.js", env={"GREETING": ""})
    with pytest.raises(WorkerException, match=message):
        await running.fetch(path)


async def test_a_worker_without_a_handler_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.js").write_text("export default {};")
    running = await run(tmp_path / "empty.js")
    with pytest.raises(WorkerException, match="handler"):
        await running.fetch()


async def test_modules_import_each_other(run: Run) -> None:
    running = await run(HERE / "modules/index.js")
    first = await running.json()
    assert first["name"] == "static"
    assert first["same"]
    assert first["dynamic"] == "dynamic beside static"
    assert first["url"] == "worker:/index.js"
    # One instance of each module, for as long as the isolate lives.
    assert (first["count"], (await running.json())["count"]) == (1, 2)


async def test_imports_of_what_is_known_at_run_time_only(run: Run) -> None:
    running = await run(HERE / "modules/index.js")
    answers = await asyncio.gather(
        running.json("/?which=other"), running.json("/?which=dynamic"), running.json("/?which=none")
    )
    assert answers[0] == {"value": "other"}
    assert answers[1] == {"value": "dynamic beside static"}
    assert "No such module" in answers[2]["error"]


@pytest.mark.parametrize("name", ["edgewright:entry", "edgewright:capture", "edgewright:globals"])
async def test_the_runtimes_own_modules_are_not_for_workers(
    run: Run, tmp_path: Path, name: str
) -> None:
    source = f"""export default {{ async fetch() {{
      const name = {name!r};
      try {{ await import(name); return new Response("imported"); }}
      catch (error) {{ return new Response(String(error)); }}
    }} }};"""
    (tmp_path / "curious.js").write_text(source)
    running = await run(tmp_path / "curious.js")
    assert await running.text() != "imported"


GLOBAL_SCOPE = "Disallowed operation called within global scope"


@pytest.mark.parametrize(
    "operation",
    [
        'await fetch("http://example.com/")',
        "setTimeout(() => {}, 1)",
        "setInterval(() => {}, 1)",
        "await scheduler.wait(1)",
        "crypto.randomUUID()",
        "crypto.getRandomValues(new Uint8Array(1))",
        "AbortSignal.timeout(1)",
    ],
)
async def test_no_effects_in_the_global_scope(run: Run, tmp_path: Path, operation: str) -> None:
    (tmp_path / "eager.js").write_text(f"export default {{}};\n{operation};")
    with pytest.raises(StartupError, match=GLOBAL_SCOPE) as caught:
        await run(tmp_path / "eager.js")
    assert "eager.js:2:" in str(caught.value)


async def test_what_the_start_logs_is_heard_at_once(run: Run, tmp_path: Path) -> None:
    source = """
    console.log("first");
    import("./later.js").then(() => console.log("later"));
    export default {};
    """
    (tmp_path / "eager.js").write_text(source)
    (tmp_path / "later.js").write_text("export {};")
    running = await run(tmp_path / "eager.js")
    assert await eventually(lambda: running.logged == ["first", "later"]), running.logged
