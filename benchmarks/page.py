"""How fast the page is: ``python -m benchmarks.page ATLAS``.

Measures, each in a fresh process: importing the dashboard, from `serve` to the first answered request, from opening
the page to painted points, and the time a map takes to follow a control. Needs playwright and a Chromium.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
GRAPH = "document.querySelector('#map .js-plotly-plot')"
PAINTED = f"{GRAPH}?.data?.length && {GRAPH}.data.every(t => t.x && t.x.length)"
# A click on a control until the graph holds new data and two frames have passed
FOLLOW = """async selector => {
    const g = document.querySelector('#map .js-plotly-plot'), before = g.data, t = performance.now();
    document.querySelector(selector).click();
    const frame = () => new Promise(requestAnimationFrame);
    while (g.data === before) await frame();
    await frame(); await frame();
    return performance.now() - t;
}"""
CONTROLS = {
    "hide a model": ".model-row input:checked",
    "show a model": ".model-row input:not(:checked)",
    "mute an element group": ".legend input:checked",
    "private spaces": "#space input[value='raw']",
    "shared space": "#space input[value='shared']",
    "UMAP": "#method input[value='umap']",
    "PCA": "#method input[value='pca']",
}


def import_seconds() -> float:
    """Time that ``import dashboard.app`` takes, without the start of Python."""
    code = "import time; t = time.perf_counter(); import dashboard.app; print(time.perf_counter() - t)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def start(atlas: str) -> tuple[subprocess.Popen[bytes], str, float]:
    """Serve the atlas; return the process, its address and the seconds until the first page was answered."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    began = time.perf_counter()
    command = [sys.executable, "-m", "dashboard", atlas, "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while server.poll() is None:
        try:
            with urllib.request.urlopen(address):
                return server, address, time.perf_counter() - began
        except urllib.error.URLError:
            time.sleep(0.01)
    raise SystemExit(f"the server for {atlas} ended with {server.returncode}")


def browser_times(address: str) -> dict[str, float]:
    """Seconds from opening the page to painted points, and for each control until the maps have followed."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("no Chromium found; install it to measure the page in a browser")
    times: dict[str, float] = {}
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=found, args=FLAGS)
        page: Any = chromium.new_page(viewport={"width": 1280, "height": 720})
        began = time.perf_counter()
        page.goto(address)
        page.wait_for_function(PAINTED)
        page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
        times["page to first points"] = time.perf_counter() - began
        page.wait_for_timeout(1500)
        for name, selector in CONTROLS.items():
            if page.locator(selector).count():
                times[name] = page.evaluate(FOLLOW, selector) / 1000
                page.wait_for_timeout(500)
        chromium.close()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("atlas")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    rows: dict[str, list[float]] = {}
    for _ in range(given.repeats):
        rows.setdefault("import dashboard.app", []).append(import_seconds())
        server, address, ready = start(given.atlas)
        try:
            rows.setdefault("serve to first page", []).append(ready)
            for name, seconds in browser_times(address).items():
                rows.setdefault(name, []).append(seconds)
        finally:
            server.terminate()
            server.wait()
    load = os.getloadavg()[0]
    print(f"{given.atlas}, {os.cpu_count()} cores, load {load:.1f}, median (range) of {given.repeats}, seconds")
    for name, seconds in rows.items():
        print(f"{name:24s} {statistics.median(seconds):6.2f}  ({min(seconds):.2f}-{max(seconds):.2f})")


if __name__ == "__main__":
    main()
