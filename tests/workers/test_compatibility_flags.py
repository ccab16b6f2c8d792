"""What compatibility dates and flags change for a Worker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import Run

from edgewright.build import BuildError

SHOW = """
import commonjs from "./a.cjs";
const names = ["process", "Buffer", "global", "setImmediate", "WeakRef"];
export default { fetch: () => Response.json({
  there: names.filter((name) => name in globalThis),
  commonjs: commonjs.value ?? commonjs.default.value,
  wrapped: "default" in commonjs,
  timer: typeof setTimeout(() => {}, 1),
}) };
"""


def write(folder: Path, source: str, date: str, *flags: str) -> Path:
    config = {"main": "index.js", "compatibility_date": date, "compatibility_flags": flags}
    (folder / "wrangler.json").write_text(json.dumps({**config, "vars": {"SECRET": "s"}}))
    (folder / "index.js").write_text(source)
    (folder / "a.cjs").write_text("exports.value = 1;")
    return folder


async def test_the_newest_date_has_all(run: Run, tmp_path: Path) -> None:
    running = await run(write(tmp_path, SHOW, "2026-11-01"))
    assert await running.json() == {
        "there": ["process", "Buffer", "global", "setImmediate", "WeakRef"],
        "commonjs": 1,
        "wrapped": False,
        "timer": "object",
    }


async def test_the_oldest_date_has_nothing(run: Run, tmp_path: Path) -> None:
    running = await run(write(tmp_path, SHOW, "2021-11-01"))
    assert await running.json() == {
        "there": [],
        "commonjs": 1,
        "wrapped": True,
        "timer": "number",
    }


async def test_modules_of_node_need_their_flag(run: Run, tmp_path: Path) -> None:
    source = 'import "node:events"; export default { fetch: () => new Response("ok") };'
    with pytest.raises(BuildError, match='add "nodejs_compat" to compatibility_flags'):
        await run(write(tmp_path, source, "2026-08-03"))
    running = await run(write(tmp_path, source, "2026-08-03", "nodejs_compat"))
    assert await running.text() == "ok"


async def test_a_flag_may_bring_async_hooks_alone(run: Run, tmp_path: Path) -> None:
    source = 'import "node:async_hooks"; export default { fetch: () => new Response("ok") };'
    running = await run(write(tmp_path, source, "2023-01-01", "nodejs_als"))
    assert await running.text() == "ok"


async def test_env_may_be_kept_from_being_imported(run: Run, tmp_path: Path) -> None:
    source = """
        import { env } from "cloudflare:workers";
        export default { fetch: (request, own) => Response.json([env.SECRET ?? null, own.SECRET]) };
    """
    running = await run(write(tmp_path, source, "2026-11-01", "disallow_importable_env"))
    assert await running.json() == [None, "s"]


async def test_variables_may_be_kept_from_process_env(run: Run, tmp_path: Path) -> None:
    source = "export default { fetch: () => Response.json(process.env) };"
    flag = "nodejs_compat_do_not_populate_process_env"
    running = await run(write(tmp_path, source, "2026-11-01", flag))
    assert await running.json() == {}
