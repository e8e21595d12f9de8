"""How long does the demonstration atlas take to build, and how much memory? `python -m benchmarks.demo`

Builds the catalogue with all bundled models and controls into a new folder, in a process of its own, and reports wall
time and the peak of the summed resident memory of that process and its workers, sampled twice a second.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

PAGE = 4096


def resident_of_tree(root: int) -> int:
    """Sum the resident memory, bytes, of a process and all below it (Linux)."""
    parents: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(stat[1])
            sizes[int(folder.name)] = int((folder / "statm").read_text().split()[1]) * PAGE
        except OSError:  # it ended while we looked
            continue
    total = 0
    for pid, size in sizes.items():
        above: int | None = pid
        while above is not None and above != root:
            above = parents.get(above)
        total += size if above == root else 0
    return total


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "precompute", "demo", "--no-serve", "--out", str(Path(folder) / "demo.zarr")]
        started = time.monotonic()
        process = subprocess.Popen(command)
        peak = 0
        ended = threading.Event()

        def sample() -> None:
            nonlocal peak
            while not ended.wait(0.5):
                peak = max(peak, resident_of_tree(process.pid))

        sampler = threading.Thread(target=sample)
        sampler.start()
        code = process.wait()
        ended.set()
        sampler.join()
        print(f"demo: exit {code}, {time.monotonic() - started:.0f} s, peak {peak / 1e9:.2f} GB resident")


if __name__ == "__main__":
    main()
