"""Workers that misbehave: what they patch, what they look for, what they keep."""

from __future__ import annotations

from pathlib import Path

from running import Run

HOSTILE = Path(__file__).parent / "hostile"


async def test_no_code_is_made_from_strings(run: Run) -> None:
    running = await run(HOSTILE / "code_from_strings.js")
    said = await running.json()
    refused = "EvalError: Code generation from strings disallowed for this context"
    for name, message in said["inRequest"].items():
        if name in ("setTimeout", "setInterval"):
            assert message == (
                'TypeError: The "callback" argument must be of type function. '
                "Received type string ('1')"
            )
        else:
            assert message == refused, name
    del said["atStart"]["setTimeout"], said["atStart"]["setInterval"]
    assert set(said["atStart"].values()) == {refused}
    assert said["harmless"] == 1


async def test_the_runtime_layer_still_loads_its_own_scripts(run: Run) -> None:
    running = await run(HOSTILE / "code_from_strings.js")
    assert await running.text("/lazy") == "xn--bcher-kva.example"


async def test_the_bindings_of_the_engine_are_not_to_be_seen(run: Run) -> None:
    running = await run(HOSTILE / "names.js")
    assert await running.json() == []
