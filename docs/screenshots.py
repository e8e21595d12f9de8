"""Make the pictures of the README from an atlas: ``python docs/screenshots.py ATLAS [--query "?atom=..."]``."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

FLAGS = ["--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
IMAGES = Path(__file__).resolve().parent / "images"
SIZE = {"width": 1440, "height": 900}
GRAPH = "document.querySelector('#map .js-plotly-plot')"
PAINTED = f"{GRAPH}?.data?.length && {GRAPH}.data.every(t => t.x && t.x.length)"


def take(address: str, query: str, path: Path) -> None:
    """Save the page as it looks with all points painted, and the crystal if an atom is chosen."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("no Chromium found; install it to take pictures")
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=found, args=FLAGS)
        page: Any = chromium.new_page(viewport=SIZE)
        page.goto(address + query)
        page.wait_for_function(PAINTED)
        if "atom=" in query:
            page.locator("#crystal canvas").first.wait_for()
        page.wait_for_timeout(2500)
        page.screenshot(path=str(path))
        chromium.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("atlas")
    parser.add_argument("--query", default="", help="the view, as in the page's address")
    parser.add_argument("--out", type=Path, default=IMAGES / "map.png")
    parser.add_argument("--port", type=int, default=8765)
    given = parser.parse_args()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "dashboard", given.atlas, "--port", str(given.port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if not (server.stdout and server.stdout.readline()):
            raise SystemExit("the server did not start")
        take(f"http://127.0.0.1:{given.port}/", given.query, given.out)
    finally:
        server.terminate()
        server.wait()
    print(given.out)


if __name__ == "__main__":
    main()
