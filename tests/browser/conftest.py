import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.dashboard.synthetic import write_atlas

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def missing(what):
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must not pass without it")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def browser():
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        missing("chromium")
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """A served synthetic atlas."""
    atlas = write_atlas(tmp_path_factory.mktemp("browser") / "synthetic.zarr")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dashboard", str(atlas), "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert "Platonic Atlas" in server.stdout.readline()
    base = f"http://127.0.0.1:{port}/"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with urllib.request.urlopen(base) as answer:
            if answer.status == 200:
                break
    yield base
    server.terminate()
    server.wait(10)
    server.stdout.close()


class Visit:
    """One page in the browser, with all that went wrong on it."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.errors, self.requests = [], []
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self.errors.append(str(e)))
        page.on("request", lambda r: self.requests.append(r.url))
        page.on("response", lambda r: self.errors.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.set_default_timeout(30_000)

    def open(self, query=""):
        self.page.goto(self.address + query)
        self.drawn()
        return self

    def graph(self, expression):
        """A value of the maps' graph, as ``g``."""
        return self.page.evaluate(
            f"(() => {{ const g = document.querySelector('#map .js-plotly-plot'); return {expression} }})()"
        )

    def until(self, condition):
        """Wait for a condition on the maps' graph ``g``."""
        self.page.wait_for_function(
            f"(() => {{ const g = document.querySelector('#map .js-plotly-plot'); return g?.data && ({condition}) }})()"
        )

    def drawn(self, panels=None):
        count = "g.data.length > 0" if panels is None else f"g.data.length === {panels}"
        self.until(f"{count} && g.data.every(t => t.x && t.x.length)")

    def shown(self):
        return self.graph("g.data.map(t => t.meta.key)")

    def maps(self):
        return self.graph("g.data.map(t => t.meta.address.split('/').pop())")

    def place_of(self, atom, panel=0):
        """Where on the page an atom of the atlas is drawn."""
        return self.page.evaluate(
            """([atom, panel]) => {
                const g = document.querySelector('#map .js-plotly-plot');
                const i = window.platonic.atoms().rank[atom];
                const [t, s] = [g.data[panel], panel ? panel + 1 : ''];
                const [x, y] = [g._fullLayout['xaxis' + s], g._fullLayout['yaxis' + s]];
                const box = g.getBoundingClientRect();
                return [box.left + x._offset + x.d2p(t.x[i]), box.top + y._offset + y.d2p(t.y[i])];
            }""",
            [atom, panel],
        )

    def query(self):
        return self.page.evaluate("window.location.search")

    def until_query(self, part):
        self.page.wait_for_function("part => decodeURIComponent(window.location.search).includes(part)", arg=part)


@pytest.fixture
def visit(browser, address):
    """A visit that must end without errors and without a request to another host."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    made = Visit(context.new_page(), address)
    yield made
    context.close()
    assert made.errors == []
    elsewhere = [u for u in made.requests if not u.startswith((address, "data:", "blob:"))]
    assert elsewhere == []
