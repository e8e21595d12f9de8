"""Make the pictures of the README and the documents from an atlas: ``python docs/screenshots.py ATLAS``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.browser import chromium, served  # noqa: E402 (found only with the path above)

IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1440, "height": 900}
TWO = "models=7net-0,chgnet-0.3.0"
READY = "performance.getEntriesByName('atlas:mounted')[0] && performance.getEntriesByName('atlas:axes')[0]"


@dataclass(frozen=True)
class Shot:
    """One picture: the view, what is done on the page, and the part of it that is kept (all of it by default)."""

    name: str
    query: str
    act: Callable[[Any], None] | None = None
    part: str = ""
    size: tuple[int, int] = (1440, 900)


def press(*keys: str) -> Callable[[Any], None]:
    return lambda page: [page.keyboard.press(key) for key in keys] and None


def click(name: str) -> Callable[[Any], None]:
    return lambda page: page.get_by_role("button", name=name).first.click()


def search(page: Any) -> None:
    page.locator("#find input").fill("band_gap > 2 and element = Ti")


STRONTIUM_TITANATE = """5
Lattice="3.905 0 0 0 3.905 0 0 0 3.905" Properties=species:S:1:pos:R:3 pbc="T T T"
Sr 0 0 0
Ti 1.9525 1.9525 1.9525
O 1.9525 1.9525 0
O 1.9525 0 1.9525
O 0 1.9525 1.9525
"""


def enlarge(page: Any) -> None:
    page.click("#enlarge-elements")


def place(page: Any) -> None:
    page.keyboard.press("u")
    file = {"name": "strontium-titanate.extxyz", "mimeType": "text/plain", "buffer": STRONTIUM_TITANATE.encode()}
    page.set_input_files("#upload-file", file)
    page.locator(".upload-status", has_text="Placed by").wait_for(timeout=300_000)


SHOTS = (
    Shot("map", "?atom=BaCeO3-cubic-perovskite:2&panel=atoms"),
    Shot("dark", "?theme=dark&atom=BaCeO3-cubic-perovskite:2"),
    Shot("raw", f"?{TWO},mace-untrained&space=raw"),
    Shot("umap", f"?{TWO}&map=umap"),
    Shot("colour", f"?{TWO}&colour=electronegativity", part=".left"),
    Shot("selection", f"?{TWO}&elements=O,S,Se,Te&lasso=7net-0:-2,-2;0,-2;0,1;-2,1&panel=structures"),
    Shot("density", f"?{TWO}&draw=density"),
    Shot("histograms", f"?{TWO}&panel=histograms&brush=electronegativity:2.5..4"),
    Shot("crystal", "?atom=BaCeO3-cubic-perovskite:2", part=".right"),
    Shot("find", f"?{TWO}", act=search),
    Shot("elements", f"?{TWO}&cells=electronegativity", act=enlarge),
    Shot("place", f"?{TWO}", act=place),
    Shot("agreement", "?page=agreement&pair=7net-0,chgnet-0.3.0"),
    Shot("agreement-anchors", "?page=agreement&figure=anchors", part=".agree-side"),
    Shot("neighbours", "?page=neighbours&pair=7net-0,chgnet-0.3.0&atom=BaCeO3-cubic-perovskite:2"),
    Shot("neighbours-where", "?page=neighbours&pair=7net-0,chgnet-0.3.0", part=".where", size=(1920, 1080)),
    Shot("drift", "?page=drift&stretch=10", size=(1440, 1100)),
    Shot("keys", f"?{TWO}", act=press("?")),
    Shot("views", f"?{TWO}", act=click("Views")),
    Shot("export", f"?{TWO}", act=click("Export")),
    Shot("presentation", f"?{TWO}", act=press("p"), size=(1280, 720)),
)


def take(browser: Any, address: str, shot: Shot, folder: Path) -> Path:
    """Save the page as it looks once everything is there."""
    width, height = shot.size
    context = browser.new_context(viewport={"width": width, "height": height})
    context.add_init_script("localStorage.setItem('platonic-atlas:hints', 'done')")
    page = context.new_page()
    page.goto(address + shot.query)
    page.wait_for_function(READY)
    page.wait_for_timeout(1500)
    if shot.act:
        shot.act(page)
        page.wait_for_timeout(1000)
    path = folder / f"{shot.name}.png"
    if shot.part:
        page.locator(shot.part).first.screenshot(path=str(path))
    else:
        page.screenshot(path=str(path))
    context.close()
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("atlas")
    parser.add_argument("--only", nargs="*", help="names of pictures")
    parser.add_argument("--out", type=Path, default=IMAGES)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with served(given.atlas) as (address, _, _), chromium() as browser:
        for shot in SHOTS:
            if not given.only or shot.name in given.only:
                print(take(browser, address, shot, given.out))


if __name__ == "__main__":
    main()
