"""The tests of the cage need a machine that lets all of its layers close."""

from __future__ import annotations

import functools
import json
import subprocess
import sys

import pytest


@functools.cache
def _missing() -> dict[str, str]:
    command = [sys.executable, "-I", "-m", "edgewright.isolate.sandbox"]
    layers = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return {name: layer["missing"] for name, layer in layers.items() if "missing" in layer}


@pytest.fixture(autouse=True)
def whole_cage() -> None:
    if missing := _missing():
        pytest.skip(f"no complete sandbox here: {missing}")
