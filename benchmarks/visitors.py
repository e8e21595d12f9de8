"""Many visitors at once: ``python -m benchmarks.visitors ATLAS [--visitors 20] [--seconds 60]``.

Each visitor opens the page's data once and then, about once a second, does one of what people do: chooses an atom
(crystal and neighbours), lassoes and scrolls the table, searches, recolours. Every answer is timed.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import threading
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

from benchmarks.browser import resident_mb, served
from precompute.store import Atlas

THINK = 1.0  # seconds between two actions, on average


def fetch(address: str, body: dict[str, Any] | None = None) -> bytes:
    request = urllib.request.Request(address)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        content: bytes = answer.read()
        return content


def callbacks(address: str, trigger: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    """Bodies of the requests that a browser sends when `trigger` has changed: one a server callback."""
    bodies = []
    for known in json.loads(fetch(f"{address}_dash-dependencies")):
        inputs = [(i["id"], i["property"]) for i in known["inputs"]]
        if known.get("clientside_function") or trigger not in [i for i, _ in inputs]:
            continue
        parts = known["output"].strip(".").split("...")
        outputs = [dict(zip(("id", "property"), part.split("@")[0].rsplit(".", 1), strict=True)) for part in parts]

        def filled(wires: list[dict[str, str]]) -> list[dict[str, Any]]:
            return [{"id": w["id"], "property": w["property"], "value": values.get(w["id"])} for w in wires]

        bodies.append(
            {"output": known["output"], "outputs": outputs if known["output"].startswith("..") else outputs[0],
             "inputs": filled(known["inputs"]), "changedPropIds": [f"{trigger}.data"], "state": filled(known["state"])}
        )  # fmt: skip
    return bodies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("atlas")
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--address", help="of a server that is running already, with its path")
    given = parser.parse_args()
    if given.address:
        visit_all(given.address, given.atlas, given.visitors, given.seconds, None)
        return
    with served(given.atlas) as (address, server, _):
        visit_all(address, given.atlas, given.visitors, given.seconds, server.pid)


def visit_all(address: str, path: str, visitors: int, seconds: float, pid: int | None) -> None:
    atlas = Atlas(path)
    page = fetch(address).decode()
    info = json.loads(page.split('id="info">')[1].split("</script>")[0])
    name, keys, n = info["atlas"], info["state"]["models"], info["n_atoms"]
    base = f"{address}data/{name}/"
    times: dict[str, list[float]] = {}
    errors: list[str] = []
    lock = threading.Lock()
    memory: list[float] = []
    until = time.monotonic() + seconds

    def timed(what: str, where: str, body: dict[str, Any] | None = None) -> None:
        began = time.perf_counter()
        try:
            fetch(where, body)
        except (urllib.error.URLError, OSError) as error:
            with lock:
                errors.append(f"{what}: {error}")
            return
        with lock:
            times.setdefault(what, []).append(1e3 * (time.perf_counter() - began))

    def choose(rng: random.Random) -> None:
        values = {
            "chosen": {"atlas": name, "atom": rng.randrange(n)}, "look": "light",
            "shown": {"atlas": name, "models": keys, "near": "representatives"},
        }  # fmt: skip
        for body in callbacks_of["chosen"]:
            wires = {
                part: [w | {"value": values.get(w["id"], w["value"])} for w in body[part]]
                for part in ("inputs", "state")
            }
            timed("choose an atom", f"{address}_dash-update-component", body | wires)

    def visitor(seed: int) -> None:
        rng = random.Random(seed)
        for key in keys:
            timed("points of a map", f"{base}points/{quote(key)}/pca-2d")
        while time.monotonic() < until:
            time.sleep(rng.expovariate(1 / THINK))
            x, y, r = rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), rng.uniform(0.1, 0.6)
            lasso = f"?lasso={quote(keys[0])}:{x - r},{y - r};{x + r},{y - r};{x + r},{y + r};{x - r},{y + r}"
            act = rng.randrange(5)
            if act == 0:
                choose(rng)
            elif act == 1:
                start = 100 * rng.randrange(max(1, n // 1000))
                timed("rows of the table", f"{base}rows/atoms{lasso}&start={start}&end={start + 100}")
            elif act == 2:
                timed("suggestions", f"{base}suggest?text={rng.choice(['BaTi', 'perov', 'Ce-O', 'band'])}")
            elif act == 3:
                asked = quote(f"electronegativity > {rng.uniform(1, 3):.2f}")
                timed("filter", f"{base}mask?find={asked}")
            else:
                colour = rng.choice([q["id"] for q in info["quantities"] if q["of"] != "model"])
                timed("recolour", f"{base}values/{quote(colour)}")

    callbacks_of = {"chosen": callbacks(address, "chosen", {"look": "light"})}
    threads = [threading.Thread(target=visitor, args=(i,)) for i in range(visitors)]
    for thread in threads:
        thread.start()
    while any(t.is_alive() for t in threads):
        time.sleep(2)
        if pid:
            memory.append(resident_mb(pid))
    print(f"{visitors} visitors for {seconds:.0f} s, {atlas.n_atoms:,} atoms, {len(keys)} models\n")
    print("| answer | n | median / ms | p95 / ms | slowest / ms |\n|---|---:|---:|---:|---:|")
    for what, found in sorted(times.items()):
        p95 = statistics.quantiles(found, n=20)[-1] if len(found) > 1 else found[0]
        print(f"| {what} | {len(found)} | {statistics.median(found):.0f} | {p95:.0f} | {max(found):.0f} |")
    print(f"\nerrors: {len(errors)} {errors[:3]}")
    if memory:
        third = max(1, len(memory) // 3)
        print(f"memory of the server: {statistics.mean(memory[third : 2 * third]):.0f} MB in the middle third, "
              f"{statistics.mean(memory[-third:]):.0f} MB in the last")  # fmt: skip


if __name__ == "__main__":
    main()
