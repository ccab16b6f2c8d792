"""Programs as people write them: npm packages, bundled by esbuild."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
MODULES = TESTS.parent / "runtime" / "node_modules"

LIMITS = {"cpu_ms": 5000}
"""A test machine that is busy makes a first request slow, and these programs are large."""

Bundle = Callable[[str], Path]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Bundles a program as Wrangler does, and says where it is: `bundle("hono.js")`."""
    folder = tmp_path_factory.mktemp("programs")

    def bundle(name: str) -> Path:
        output = folder / f"{Path(name).stem}.js"
        command = [
            *(MODULES / ".bin" / "esbuild", TESTS / "programs" / name, f"--outfile={output}"),
            *("--bundle", "--format=esm", "--target=es2024", "--log-level=warning"),
            *("--conditions=workerd,worker,browser", "--jsx=automatic"),
            *("--jsx-import-source=preact", '--define:process.env.NODE_ENV="production"'),
        ]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        environment = os.environ | {"NODE_PATH": str(MODULES), "PATH": path}
        subprocess.run(command, check=True, env=environment)
        return output

    return bundle
