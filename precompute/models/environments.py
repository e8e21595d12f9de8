"""Virtual environments for families whose packages do not fit beside the main ones.

An environment sees the main one through a `.pth` file, behind its own packages, so torch is not installed twice. It
lives in a folder named after a hash of its requirements, the Python and the main packages' place; a change of any of
them is another environment.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from precompute.contracts import AtlasError
from precompute.models.errors import EnvironmentMissing
from precompute.models.places import data_home, private_folder
from precompute.models.registry import Registry, registry
from precompute.models.spec import MAIN, EnvironmentSpec

# written last: a folder without it was left by a creation that did not end
_MARKER = "platonic-atlas.json"
_VENV = ("-m", "venv")
_TOLD = re.compile(r"^\s*(Collecting|Downloading|Installing|Successfully installed)\b")


@dataclass(frozen=True)
class EnvironmentStatus:
    """One environment as `platonic-atlas env list` shows it.

    Attributes
    ----------
    models : tuple of str
        Keys of the models that run in it.
    megabytes : float
        On disk; 0 where it has not been created, and for the main one, whose packages are not ours to count.
    """

    name: str
    ready: bool
    requirements: tuple[str, ...]
    path: Path
    models: tuple[str, ...]
    megabytes: float


def environments(known: Registry | None = None) -> list[EnvironmentStatus]:
    """Return the main environment and all others, created or not."""
    known = known or registry()
    status = []
    for name in (MAIN, *known.environments):
        folder = Path(sys.prefix) if name == MAIN else _folder(_spec(name, known))
        ready = is_ready(name, known)
        status.append(
            EnvironmentStatus(
                name=name,
                ready=ready,
                requirements=() if name == MAIN else known.environments[name].requirements,
                path=folder,
                models=tuple(s.key for s in known.specs if s.environment == name),
                megabytes=_megabytes(folder) if ready and name != MAIN else 0.0,
            )
        )
    return status


def is_ready(name: str, known: Registry | None = None) -> bool:
    """Return whether an environment has been created completely."""
    if name == MAIN:
        return True
    folder = _folder(_spec(name, known or registry()))
    return (folder / _MARKER).is_file() and _python(folder).exists()


def python_of(name: str, known: Registry | None = None) -> Path:
    """Return the environment's interpreter.

    Raises
    ------
    EnvironmentMissing
        If it has not been created.
    """
    if name == MAIN:
        return Path(sys.executable)
    known = known or registry()
    if not is_ready(name, known):
        requirements = " ".join(_spec(name, known).requirements)
        raise EnvironmentMissing(
            f"the environment {name!r} ({requirements}) has not been created: run `platonic-atlas env create {name}`"
        )
    return _python(_folder(_spec(name, known)))


def create(name: str, on_message: Callable[[str], None] = print, known: Registry | None = None) -> Path:
    """Create an environment, or return at once where it exists. Safe to call from several processes.

    pip runs with the user's own configuration (variables, pip.conf), and with the main environment's torch fixed.

    Raises
    ------
    AtlasError
        If there is no such environment, or pip fails; with pip's last lines.
    """
    from filelock import FileLock

    known = known or registry()
    if name == MAIN:
        raise AtlasError("the environment 'main' is the one Platonic Atlas is installed in; it is not created here")
    spec = _spec(name, known)
    private_folder("environments")
    folder = _folder(spec)
    with FileLock(folder.with_suffix(".lock")):
        if is_ready(name, known):
            on_message(f"environment {name!r} is ready")
            return folder
        on_message(f"creating the environment {name!r}: {', '.join(spec.requirements) or 'no packages of its own'}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        _build(spec, folder, on_message)
        marker = folder / f"{_MARKER}.partial"
        marker.write_text(json.dumps({"name": name, "requirements": spec.requirements}), encoding="utf-8")
        marker.replace(folder / _MARKER)
    on_message(f"environment {name!r} is ready")
    return folder


def remove(name: str, known: Registry | None = None) -> bool:
    """Delete an environment; return whether there was anything to delete."""
    from filelock import FileLock

    if name == MAIN:
        raise AtlasError("the environment 'main' is the one Platonic Atlas is installed in; it is not removed here")
    folder = _folder(_spec(name, known or registry()))
    if not folder.exists():
        return False
    with FileLock(folder.with_suffix(".lock")):
        # first the marker: what is half deleted must not look ready
        (folder / _MARKER).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    return True


def _build(spec: EnvironmentSpec, folder: Path, on_message: Callable[[str], None]) -> None:
    _run([sys.executable, *_VENV, str(folder)], spec, on_message)
    python = str(_python(folder))
    packages = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    # lines of a .pth file go to the end of sys.path, so the environment's own packages win; zz sorts it last
    (Path(packages) / "zz_platonic_atlas_main.pth").write_text("\n".join(_main_packages()) + "\n", encoding="utf-8")
    for settings in ("pip.conf", "pip.ini"):
        if (Path(sys.prefix) / settings).is_file():
            shutil.copy(Path(sys.prefix) / settings, folder / settings)
    if spec.requirements:
        constraints = folder / "constraints.txt"
        constraints.write_text("\n".join(_constraints(spec)) + "\n", encoding="utf-8")
        command = [python, "-m", "pip", "install", "--no-input", "--constraint", str(constraints)]
        _run([*command, *spec.requirements], spec, on_message)


def _run(command: list[str], spec: EnvironmentSpec, on_message: Callable[[str], None]) -> None:
    """Run a command, telling what it installs; its last lines explain a failure."""
    last: list[str] = []
    variables = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    # settings that are meant for the environment this program runs in
    for name in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER"):
        variables.pop(name, None)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, env=variables
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            last = [*last[-11:], line.rstrip()]
            if _TOLD.match(line):
                on_message(line.strip())
    if process.returncode:
        raise AtlasError(
            f"the environment {spec.name!r} could not be created: {' '.join(command[1:4])} ended with status "
            f"{process.returncode}. Its last lines:\n" + "\n".join(last)
        )


def _constraints(spec: EnvironmentSpec) -> list[str]:
    """Return the pin that keeps pip from installing a second torch, unless the environment asks for one."""
    named = {re.split(r"[^A-Za-z0-9_.-]", r, maxsplit=1)[0].lower().replace("_", "-") for r in spec.requirements}
    if "torch" in named:
        return []
    return [f"torch=={metadata.version('torch')}"]


def _main_packages() -> list[str]:
    return list(dict.fromkeys(sysconfig.get_path(p) for p in ("purelib", "platlib")))


def _spec(name: str, known: Registry) -> EnvironmentSpec:
    if name not in known.environments:
        raise AtlasError(f"no environment {name!r}; known: {', '.join((MAIN, *known.environments))}")
    return known.environments[name]


def _folder(spec: EnvironmentSpec) -> Path:
    identity = json.dumps([spec.requirements, sys.version, *_main_packages()])
    return data_home() / "environments" / f"{spec.name}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _megabytes(folder: Path) -> float:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file() and not f.is_symlink()) / 1e6
