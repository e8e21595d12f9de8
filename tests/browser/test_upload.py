"""Placing a crystal in a browser: sent, followed, marked on the maps, its neighbours chosen, and forgotten."""

import io
import json
import os
import time
from pathlib import Path

import pytest
from rich.console import Console

from precompute.asking import Question, answer
from precompute.build import build
from precompute.models.registry import FILES_VARIABLE
from precompute.progress import Display
from tests.atlas.fake_family import write_models_file
from tests.browser.conftest import ROOT, served, visiting

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.ci]

KEYS = ("fake-a", "fake-b")
SALTS = [(a, x) for a in ("Li", "Na", "K", "Rb") for x in ("F", "Cl", "Br", "I")]


def rock_salt(cation, anion, a):
    sites = [(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)]
    lines = [f"{cation} " + " ".join(f"{a * v:.6f}" for v in s) for s in sites]
    lines += [
        f"{anion} " + " ".join(f"{a * ((v + o) % 1):.6f}" for v, o in zip(s, (0.5, 0, 0), strict=True)) for s in sites
    ]
    head = f'Lattice="{a} 0 0 0 {a} 0 0 0 {a}" Properties=species:S:1:pos:R:3 pbc="T T T" id={cation}{anion}'
    return "\n".join(["8", head, *lines, ""])


@pytest.fixture(scope="module")
def placing_server(tmp_path_factory):
    """A server whose atlas was made by quick models that it can run too, with its jobs in a folder of the test."""
    folder = tmp_path_factory.mktemp("placing")
    (folder / "salts.extxyz").write_text("".join(rock_salt(*s, 4.0 + 0.1 * i) for i, s in enumerate(SALTS)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FILES_VARIABLE, str(write_models_file(folder)))
        patch.syspath_prepend(ROOT / "tests" / "atlas")
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "tests" / "atlas"), os.environ.get("PYTHONPATH", "")]))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        out = folder / "salts.zarr"
        display = Display(Console(file=io.StringIO()))
        question = Question(out=out, models=KEYS, sources=(str(folder / "salts.extxyz"),), anchor_method="direct",
                            anchor_count=12, umap=False)  # fmt: skip
        assert not build(answer(question, display), display).failed
        with served(out) as base:
            yield base, folder / "cache" / "platonic-atlas" / "uploads"


@pytest.fixture
def placing(browser, placing_server):
    with visiting(browser, placing_server[0]) as made:
        made.page.add_init_script("try { localStorage.setItem('platonic-atlas:hints', 'done') } catch {}")
        made.jobs = placing_server[1]
        yield made


def choose(visit, name, text):
    visit.page.set_input_files("#upload-file", {"name": name, "mimeType": "text/plain", "buffer": text.encode()})


def status_is(visit, part):
    visit.page.wait_for_function(
        "part => document.querySelector('.upload-status').textContent.includes(part)", arg=part, timeout=120_000
    )


def kept(visit):
    return [p for p in visit.jobs.iterdir() if p.is_dir()] if visit.jobs.exists() else []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_crystal_is_placed_marked_and_its_neighbours_lead_on(placing, theme):
    placing.open(f"?theme={theme}")
    placing.page.locator("body").press("u")
    choose(placing, "salt.extxyz", rock_salt("Na", "Cl", 4.5))
    status_is(placing, "NaCl, Fm-3m, 8 atoms. Placed by 2 of 2 models")
    assert placing.page.locator(".upload-step.done").count() == 2
    assert placing.page.locator(".upload-site").all_inner_texts() == ["Na 1\n×4 m-3m", "Cl 1\n×4 m-3m"]
    assert placing.page.locator(".upload-near h3").all_inner_texts() == list(KEYS)
    # the crystal is the atlas's own sixth, so its nearest atom is itself
    placing.page.click(".upload-site:nth-child(2)")
    assert placing.page.locator(".upload-site:nth-child(2)").get_attribute("aria-pressed") == "true"
    first = placing.page.locator(".upload-near").first.locator("button").first
    assert first.inner_text() == "Cl 1 · NaCl"
    own = int(first.get_attribute("data-atom"))
    first.click()
    placing.until_view("atom", own)
    assert placing.page.locator("dialog").count() == 0


def test_the_mark_lies_where_the_atlas_has_the_same_atom(placing):
    placing.open()
    told = placing.page.evaluate(
        """text => new Promise((done) => {
        const set = atlas.guests.set;
        atlas.guests.set = (guests) => { set(guests); if (guests[0]?.maps["fake-a"]) done(guests[0]); };
        document.getElementById("open-upload").click();
        const file = new File([text], "salt.extxyz");
        const input = document.getElementById("upload-file");
        const held = new DataTransfer();
        held.items.add(file);
        input.files = held.files;
        input.dispatchEvent(new Event("change"));
    })""",
        rock_salt("Na", "Cl", 4.5),
    )
    assert told["symbol"] == "Na"
    stored = placing.page.evaluate("""async () => {
        const rank = await atlas.arrays.rank();
        const points = await atlas.arrays.points("fake-a", "pca-2d", "", true);
        return [points.xy[2 * rank[40]], points.xy[2 * rank[40] + 1]];
    }""")
    assert told["maps"]["fake-a"]["pca-2d"] == pytest.approx(stored, abs=1e-3)
    placing.page.keyboard.press("Escape")
    for align in ("", "fake-b"):
        placing.set(align=align)
        placing.page.mouse.move(*placing.place_of(40))
        placing.page.wait_for_function(
            "document.getElementById('tip').textContent === 'Na 1 of NaClplaced here by fake-a'"
        )
        placing.page.keyboard.press("Escape")
        assert placing.page.locator("#tip").is_hidden()
        placing.page.mouse.move(1, 1)


def test_refused_files_say_why(placing):
    placing.open()
    placing.page.click("#open-upload")
    choose(placing, "salt.extxyz", "2\npbc=F\nH 0 0 0\nH 0 0 0.1\n")
    wrong = placing.page.locator(".upload-wrong")
    placing.page.wait_for_function("document.querySelector('.upload-wrong').textContent.includes('closer than 0.4')")
    choose(placing, "big.cif", "x" * 2_000_001)
    assert "at most 2 MB" in wrong.inner_text()
    placing.page.keyboard.press("Escape")
    assert placing.page.evaluate("document.activeElement.id") == "open-upload"


def test_taking_it_off_and_leaving_the_page_delete_what_the_server_keeps(placing):
    placing.open()
    placing.page.click("#open-upload")
    choose(placing, "salt.extxyz", rock_salt("Na", "Cl", 4.5))
    status_is(placing, "Placed by")
    assert len(kept(placing)) == 1
    with placing.page.expect_download() as download:
        placing.page.click("#upload-keep")
    assert json.loads(Path(download.value.path()).read_text())["structure"]["formula"] == "NaCl"
    with placing.page.expect_response(lambda r: r.request.method == "DELETE"):
        placing.page.click("#upload-cancel")
    assert kept(placing) == []
    choose(placing, "salt.extxyz", rock_salt("Na", "Cl", 4.5))
    placing.page.wait_for_selector(".upload-step")
    assert len(kept(placing)) == 1
    placing.page.goto("about:blank")
    deadline = time.monotonic() + 30
    while kept(placing):
        assert time.monotonic() < deadline
        placing.page.wait_for_timeout(50)


def test_a_server_without_uploads_says_so_instead(browser, atlas_path):
    with served(atlas_path, "--no-upload") as base, visiting(browser, base) as visit:
        visit.open()
        button = visit.page.locator("#open-upload")
        assert button.get_attribute("aria-disabled") == "true"
        assert "--no-upload" in button.get_attribute("title")
        button.click(force=True)
        assert visit.page.locator("dialog.upload").count() == 0
