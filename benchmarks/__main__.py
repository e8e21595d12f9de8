"""All benchmarks, one after the other: `python -m benchmarks [ATLAS]` (the demonstration atlas by default)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> None:
    atlas = sys.argv[1] if len(sys.argv) > 1 else "demo/catalogue.zarr"
    if not Path(atlas).exists():
        sys.exit(f"{atlas} is not there; make it with `make demo`, or name another atlas")
    for command in (
        ["adapters"],
        ["anchors", atlas],
        ["chemistry", atlas],
        ["agreement", atlas],
        ["agreement_claims", atlas],
        ["coverage", atlas, "--draws", "200"],
        ["damage", atlas],
        ["cu_dimers", atlas],
        ["explorer", atlas],
        ["visitors", atlas],
        ["demo"],
    ):
        print(f"\n## {' '.join(command)}\n", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{command[0]}", *command[1:]], check=True)


if __name__ == "__main__":
    main()
