"""The scripts' own tests, run by node's test runner."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).parent / "javascript"


@pytest.mark.slow
@pytest.mark.ci
def test_the_scripts_pass_their_own_tests() -> None:
    node = shutil.which("node")
    if node is None:
        assert "CI" not in os.environ, "node is missing: the scripts' tests cannot run"
        pytest.skip("node 18 or newer is not installed")
    # a run inside another runner would report to it instead of failing
    environment = {name: value for name, value in os.environ.items() if name != "NODE_TEST_CONTEXT"}
    files = sorted(str(path) for path in TESTS.iterdir() if ".test." in path.name)
    assert files
    run = subprocess.run(
        [node, "--test", "--test-reporter=spec", *files], capture_output=True, text=True, env=environment, check=False
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
