"""A build that is killed at any moment goes on from there, and ends with the arrays of an undisturbed one."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from precompute.models.registry import FILES_VARIABLE
from precompute.store import Atlas, NotAnAtlas

from .comparing import assert_same_arrays

ROOT = Path(__file__).parents[2]


def command(crystals: Path, out: Path) -> list[str]:
    models = "fake-a,fake-b,element-only"
    options = ["--models", models, "--anchors", "direct", "--anchor-count", "12", "--no-umap", "--out", str(out)]
    return [sys.executable, "-m", "precompute", "build", str(crystals), *options]


@pytest.fixture(scope="module")
def environment(fake_models: Path) -> dict[str, str]:
    return os.environ | {
        FILES_VARIABLE: str(fake_models),
        "PYTHONPATH": str(Path(__file__).parent),
        "FAKE_SECONDS": "0.02",
    }


@pytest.fixture(scope="module")
def undisturbed(
    crystals: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, float]:
    out = tmp_path_factory.mktemp("undisturbed") / "a.zarr"
    started = time.monotonic()
    subprocess.run(command(crystals, out), env=environment, check=True, cwd=ROOT, capture_output=True)
    return out, time.monotonic() - started


def resumes_after(moments: list[float], crystals: Path, out: Path, environment: dict[str, str], sig: int) -> None:
    for seconds in moments:
        process = subprocess.Popen(
            command(crystals, out), env=environment, cwd=ROOT, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, sig)
            process.wait()
        with contextlib.suppress(NotAnAtlas):
            assert Atlas(out).n_atoms > 0  # if it opens, it is whole
    ended = subprocess.run(command(crystals, out), env=environment, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_killed_at_a_random_moment(
    seed: int, undisturbed: tuple[Path, float], crystals: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    expected, seconds = undisturbed
    moment = random.Random(seed).uniform(0.3, 1.0) * seconds
    resumes_after([moment], crystals, tmp_path / "a.zarr", environment, signal.SIGKILL)
    assert_same_arrays(tmp_path / "a.zarr", expected)


@pytest.mark.slow
def test_killed_at_ten_random_moments_one_after_the_other(
    undisturbed: tuple[Path, float], crystals: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    expected, seconds = undisturbed
    rng = random.Random(7)
    moments = [rng.uniform(0.2, 1.0) * seconds for _ in range(10)]
    resumes_after(moments, crystals, tmp_path / "a.zarr", environment, signal.SIGKILL)
    assert_same_arrays(tmp_path / "a.zarr", expected)


@pytest.mark.slow
@pytest.mark.ci
def test_ctrl_c_says_that_work_is_kept_and_leaves_no_process(
    undisturbed: tuple[Path, float], crystals: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    process = subprocess.Popen(
        command(crystals, tmp_path / "a.zarr"), env=environment | {"FAKE_SECONDS": "60", "FAKE_SLOW": "b"}, cwd=ROOT,
        start_new_session=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("embedding fake-a: done"):
            break
    os.killpg(process.pid, signal.SIGINT)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "the same command goes on" in rest
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    resumes_after([], crystals, tmp_path / "a.zarr", environment, signal.SIGINT)
    assert_same_arrays(tmp_path / "a.zarr", undisturbed[0])


@pytest.mark.slow
@pytest.mark.ci
def test_two_builds_of_one_atlas_at_once(crystals: Path, environment: dict[str, str], tmp_path: Path) -> None:
    both = [
        subprocess.Popen(
            command(crystals, tmp_path / "a.zarr"), env=environment | {"FAKE_SECONDS": "0.1"}, cwd=ROOT,
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    errors = [p.communicate()[1] for p in both]
    assert sorted(p.returncode for p in both) == [0, 1]
    assert any("another build is writing" in e for e in errors)
    assert Atlas(tmp_path / "a.zarr").n_structures == 38
