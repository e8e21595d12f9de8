"""How fast the Neighbours page answers: ``python -m benchmarks.neighbours ATLAS``.

Each change is measured until everything on the page has followed: maps, numbers with their intervals, ranking, atom.
Needs playwright and Chromium, and an atlas of at least four models (`benchmarks.large_atlas` makes one).
"""

from __future__ import annotations

import argparse
import statistics
from itertools import combinations
from typing import Any

from benchmarks.browser import chromium, resident_mb, served
from precompute.store import Atlas

SIZE = {"width": 1280, "height": 720}
READY = "performance.getEntriesByName('atlas:neighbours')[0]"
FOLLOW = """async changes => {
    const busy = () => document.querySelector("#page-neighbours.waiting, #page-neighbours .waiting, .maps.small.busy");
    const t = performance.now();
    atlas.view.set(changes);
    do await new Promise(requestAnimationFrame); while (busy());
    return performance.now() - t;
}"""


def page_times(browser: Any, address: str, models: list[str]) -> dict[str, list[float]]:
    """Milliseconds of each change, each time it was made."""
    pairs = [list(pair) for pair in combinations(models, 2)]
    page = browser.new_context(viewport=SIZE).new_page()
    page.goto(f"{address}?page=neighbours&pair={','.join(pairs[0])}")
    page.wait_for_function(READY, timeout=120_000)
    found = {"first numbers": [float(page.evaluate(f"{READY}.startTime"))]}
    page.wait_for_timeout(4000)

    def add(name: str, changes: dict[str, Any]) -> None:
        found.setdefault(name, []).append(float(page.evaluate(FOLLOW, changes)))
        page.wait_for_timeout(300)

    for pair in pairs[1:6]:
        add("another pair", {"pair": pair})
        for k in (5, 20, 50, 10):
            add("another k", {"nearest": k})
    add("other lists", {"near": "within_element"})
    add("other lists", {"near": "representatives"})
    add("above chance", {"chance": True})
    add("a selection", {"chance": False, "elements": ["O"]})
    add("another atom", {"elements": [], "atom": 1000})
    for atom in (2000, 3000, 4000):
        add("another atom", {"atom": atom})
    add(f"mean of {len(models)} models", {"pair": [], "models": models})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("atlas")
    given = parser.parse_args()
    atlas = Atlas(given.atlas)
    with served(given.atlas) as (address, server, _), chromium() as browser:
        times = page_times(browser, address, atlas.model_keys[:7])
        print(
            f"{atlas.n_atoms:,} atoms, {len(atlas.model_keys)} models, {resident_mb(server.pid):.0f} MB resident after"
        )
        for name, values in times.items():
            print(f"{name}: median {statistics.median(values):,.0f} ms, {min(values):,.0f}-{max(values):,.0f}")


if __name__ == "__main__":
    main()
