import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.dashboard.synthetic import structures, write_atlas
from tests.dashboard.synthetic_drift import add_drift

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


@contextmanager
def served(*arguments):
    """Serve atlases with `arguments` to ``python -m dashboard``; gives the page's address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dashboard", *map(str, arguments), "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert "Platonic Atlas" in server.stdout.readline()
        base = f"http://127.0.0.1:{port}/"
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with urllib.request.urlopen(base) as answer:
                if answer.status == 200:
                    break
        yield base
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()


@pytest.fixture(scope="session")
def atlas_path(tmp_path_factory):
    return write_atlas(tmp_path_factory.mktemp("browser") / "synthetic.zarr", add=add_drift)


@pytest.fixture(scope="session")
def address(atlas_path, tmp_path_factory):
    """A served synthetic atlas, with a cache folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        with served(atlas_path) as base:
            yield base


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
        """Open the page and wait until it is complete: points, axes, everything around them."""
        self.page.goto(self.address + query)
        self.page.wait_for_selector("#quality", state="attached")
        axes = "#axes .xy, #axes .main-svg, .maps.none, html:not([data-page=map])"
        self.page.wait_for_function("axes => window.atlas && document.querySelector(axes)", arg=axes)
        self.page.wait_for_function("performance.getEntriesByName('atlas:mounted').length > 0")
        self.settled()
        return self

    def settled(self):
        """Wait until the maps show what the view asks for."""
        self.page.wait_for_function("window.atlas.maps.scene() && !window.atlas.maps.busy()")
        self.page.evaluate("() => new Promise(d => requestAnimationFrame(() => requestAnimationFrame(d)))")

    def view(self, field=None):
        """The view, or one field of it."""
        return self.page.evaluate("f => f ? atlas.view.get()[f] : atlas.view.get()", field)

    def set(self, **changes):
        self.page.evaluate("changes => { atlas.view.set(changes) }", changes)
        self.settled()

    def shown(self):
        return self.page.evaluate("atlas.maps.panels().map(p => p.key)")

    def maps(self):
        return self.page.evaluate("atlas.maps.panels().map(p => p.map)")

    def ranges(self, panel=0):
        return self.page.evaluate("i => atlas.maps.panels()[i].ranges", panel)

    def until_shown(self, *keys):
        self.page.wait_for_function("keys => atlas.maps.panels().map(p => p.key).join() === keys", arg=",".join(keys))

    def until_view(self, field, value):
        self.page.wait_for_function(
            "([f, v]) => JSON.stringify(atlas.view.get()[f]) === JSON.stringify(v)", arg=[field, value]
        )
        self.settled()

    def selected(self):
        """The atoms that are selected, in order; None where all are."""
        return self.page.evaluate(
            """async () => {
                const { mask } = atlas.selection.get();
                if (!mask) return null;
                const order = await atlas.arrays.column("order");
                return [...order].filter((_, i) => mask[i]).sort((a, b) => a - b);
            }"""
        )

    def place_of(self, atom, panel=0):
        """Where on the page an atom of the atlas is drawn, css px."""
        return self.page.evaluate(
            """async ([atom, panel]) => {
                await atlas.arrays.rank();
                const box = atlas.maps.host.getBoundingClientRect();
                const [x, y] = atlas.maps.place(atom, panel);
                return [box.left + x, box.top + y];
            }""",
            [atom, panel],
        )

    def query(self):
        return self.page.evaluate("window.location.search")

    def until_query(self, part):
        self.page.wait_for_function("part => decodeURIComponent(window.location.search).includes(part)", arg=part)


@contextmanager
def visiting(browser, address, **options):
    """A visit that must end without errors and without a request to another host."""
    context = browser.new_context(**({"viewport": {"width": 1280, "height": 720}} | options))
    made = Visit(context.new_page(), address)
    try:
        yield made
    finally:
        context.close()
    assert made.errors == []
    elsewhere = [u for u in made.requests if not u.startswith((address, "data:", "blob:"))]
    assert elsewhere == []


@pytest.fixture(params=["light", pytest.param("dark", marks=pytest.mark.dark)])
def visit(request, browser, address):
    with visiting(browser, address, color_scheme=request.param) as made:
        # hints of a first visit have tests of their own
        made.page.add_init_script("try { localStorage.setItem('platonic-atlas:hints', 'done') } catch {}")
        yield made


def first_atom(identifier):
    """The first atom of a structure of the synthetic atlas."""
    before = 0
    for s, _ in structures(4):
        if s.id == identifier:
            return before
        before += len(s)
    raise LookupError(identifier)


def pixels(visit):
    """A text that is equal for equal canvases."""
    visit.settled()
    return visit.page.evaluate("document.getElementById('points').toDataURL()")
