"""The Drift page, as a person uses it."""

import csv
import io
import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import first_atom, served, visiting
from tests.dashboard.synthetic import write_atlas
from tests.dashboard.synthetic_drift import HEADS, PUBLISHED, STEPS, STUDENT

pytestmark = pytest.mark.browser
PAGE = "?page=drift"
NO_HINTS = "try { localStorage.setItem('platonic-atlas:hints', 'done') } catch {}"
STRATEGIES = ["naive", "replay", "multihead"]


def opened(visit, query=""):
    """Open the page and wait until its maps are drawn."""
    visit.page.goto(visit.address + PAGE + query)
    visit.page.locator(".drift-trail").first.wait_for(state="attached")
    visit.page.wait_for_function("performance.getEntriesByName('atlas:mounted').length > 0")
    return visit.page


def rows(page):
    """The table of numbers: a list of cells a strategy."""
    return page.locator(".drift-numbers tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.children].map(cell => cell.innerText.replace(/\\s+/g, ' ').trim()))"
    )


def cell(page, symbol):
    return page.locator(f".drift-table [data-element={symbol}]")


def saved(page, of):
    with page.expect_download() as waited:
        page.locator(f"[data-save={of}]").click()
    return waited.value.suggested_filename, waited.value.path().read_bytes()


@pytest.mark.parametrize(("size", "theme"), [((1280, 720), "light"), ((1920, 1080), "dark")])
def test_all_is_drawn_inside_the_window_with_atoms_counted(browser, address, size, theme):
    width, height = size
    with visiting(browser, address, viewport={"width": width, "height": height}) as visit:
        visit.page.add_init_script(NO_HINTS)
        page = opened(visit, f"&theme={theme}")
        assert [r[0].split(" ")[0] for r in rows(page)] == STRATEGIES
        assert rows(page)[0][1] == "0.152 [0.137, 0.167]"
        expect(page.locator(".drift-facts")).to_contain_text("trained on Na · 191 atoms, 70 symmetry-distinct")
        captions = page.locator(".drift-map figcaption").all_inner_texts()
        assert [c.split(" ")[0] for c in captions] == STRATEGIES
        assert all("of 191 atoms’ trails drawn" in c or "Trails of all 191 atoms" in c for c in captions)
        assert page.locator(".drift-curves .panel-title").count() == 6
        assert page.locator(".drift-worst tbody tr").count() == 50
        expect(page.locator(".drift-worst .hint")).to_contain_text("1–50 of 70 sites")
        expect(page.locator(".drift-outputs .hint")).to_contain_text("Spearman’s rank correlation 0.8")
        ends = page.evaluate(
            "[...document.querySelectorAll('#page-drift *')].map(e => e.getBoundingClientRect().right)"
        )
        edge = page.locator("#page-drift").bounding_box()
        assert max(ends) <= edge["x"] + edge["width"] + 1
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        # two maps' inks differ, and none is empty
        inks = page.evaluate("[...document.querySelectorAll('.drift-map canvas')].map(c => c.toDataURL())")
        assert len(set(inks)) == 3


def test_steps_play_to_the_end_in_all_strategies_and_stay_in_the_address(visit):
    page = opened(visit, "&step=0")
    expect(page.locator(".drift-now")).to_have_text("base (0 of 3)")
    assert {r[1] for r in rows(page)} == {"0 [0, 0]"}
    page.keyboard.press("k")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator(".drift-now")).to_have_text("120 updates (3 of 3)", timeout=20_000)
    expect(page.get_by_role("button", name="Play from the start")).to_be_visible()
    assert all("120 updates" in r[0] for r in rows(page))
    page.get_by_role("slider", name="Step").focus()
    page.keyboard.press("ArrowLeft")
    visit.until_query("step=2")
    assert all("80 updates" in r[0] for r in rows(page))
    page.keyboard.press("[")
    expect(page.locator(".drift-now")).to_have_text("40 updates (1 of 3)")
    assert page.get_by_role("slider", name="Step").get_attribute("aria-valuetext") == "40 updates, 1 of 3"


def test_an_element_has_its_curves_and_atoms_and_says_what_its_marks_mean(visit):
    page = opened(visit)
    assert "in-data" in cell(page, "Na").get_attribute("class")
    assert "flagged" in cell(page, "O").get_attribute("class")
    assert "⚑ flagged: moved further than run-to-run noise" in cell(page, "O").get_attribute("aria-label")
    expect(page.locator(".drift-elements .drift-flags")).to_contain_text(
        "⚑ Flagged after the last step, since they moved further than run-to-run noise: O"
    )
    expect(page.locator(".drift-elements .drift-flags")).to_contain_text("2 runs")
    cell(page, "O").click()
    visit.until_query("elements=O")
    expect(page.locator(".drift-curves h2")).to_have_text("O against step")
    expect(page.locator(".drift-selected")).to_contain_text("Selected: 53 atoms of the atlas (O)")
    expect(page.locator(".drift-worst .hint")).to_contain_text("of 17 selected sites")
    assert all(t.startswith("O ") for t in page.locator(".drift-worst tbody th").all_inner_texts())
    assert (
        page.evaluate("document.querySelector('.drift-map figcaption').innerText").endswith(
            "selected atoms’ trails drawn"
        )
        or "all 53" in page.locator(".drift-map figcaption").first.inner_text()
    )
    expect(page.locator(".drift-compared")).to_contain_text("of O after 120 updates, over 17 symmetry-distinct O atoms")
    expect(page.locator(".drift-compared")).to_contain_text("leave out how runs differ by seed")
    page.locator(".drift-curves .mark").last.hover()
    expect(page.locator(".figure-tip")).to_contain_text("of O")
    expect(page.locator(".figure-tip")).to_contain_text("over 17 symmetry-distinct O atoms")
    page.get_by_role("button", name="Show all atoms").click()
    expect(page.locator(".drift-curves h2")).to_have_text("All atoms against step")


def test_measure_anchors_seeds_and_series_are_in_the_address_and_come_back(visit):
    page = opened(visit)
    page.get_by_role("button", name="Frozen", exact=True).click()
    page.get_by_role("button", name="Mean over seeds").click()
    page.get_by_role("button", name="Log", exact=True).click()
    page.locator("#drift-step").fill("1")
    page.get_by_role("button", name="replay", exact=True).click()
    visit.until_query("series=7net-0-replay-seed0&step=1&anchors=frozen&seeds=mean&decades=1")
    expect(page.locator(".drift-elements h2")).to_have_text("Drift, anchors frozen: replay, 40 updates")
    assert "mean of 2 seeds" in rows(page)[0][0]
    numbers = rows(page)
    opened(visit, visit.query().replace(PAGE, ""))
    assert rows(page) == numbers
    expect(page.locator(".drift-curves .hint")).to_contain_text("least to greatest over seeds")
    page.get_by_role("button", name="This one").click()
    expect(page.locator(".drift-map")).to_have_count(2)  # with either anchors
    page.go_back()
    expect(page.locator(".drift-map")).to_have_count(3)


def test_what_moved_most_is_ranked_by_any_column_and_leads_to_its_crystal(visit):
    page = opened(visit)
    table = page.locator(".drift-worst table")
    table.get_by_role("button", name="Force change").click()
    visit.until_query("measure=forces")
    expect(table.locator("[aria-sort=descending]")).to_contain_text("Force change")
    column = [float(t) for t in table.locator("tbody td:nth-child(5)").all_inner_texts()]
    assert column == sorted(column, reverse=True)
    table.get_by_role("button", name="Kept of 10").click()
    expect(table.locator("[aria-sort=ascending]")).to_contain_text("Kept of 10")
    page.get_by_role("button", name="Crystals", exact=True).click()
    table.get_by_role("button", name="Energy change").click()
    visit.until_query("measure=energy&movers=structures")
    expect(page.locator(".drift-outputs h2")).to_contain_text("Drift against energy change")
    name = table.locator("tbody .ranked-id").first.inner_text()
    table.locator("tbody button").first.click()
    expect(page.locator("#right")).to_contain_text(name)
    assert visit.page.evaluate("atlas.view.get().atom") is not None
    page.get_by_role("button", name="Open in Map").click()
    visit.until_view("page", "map")


def test_the_focus_stays_on_the_row_that_is_chosen_by_key(visit):
    page = opened(visit)
    page.locator(".drift-worst tbody button").first.focus()
    page.keyboard.press("ArrowDown")
    title = page.evaluate("document.activeElement.title")
    page.keyboard.press("Enter")
    expect(page.locator(".drift-worst .chosen-row")).to_have_count(1)
    expect(page.locator("#right")).to_contain_text("Wyckoff")
    assert page.evaluate("document.activeElement.title") == title != ""


def test_atoms_take_the_colours_of_element_groups_without_trails(visit):
    page = opened(visit, f"&series={STUDENT}")
    page.get_by_role("button", name="Groups", exact=True).click()
    page.get_by_role("button", name="None", exact=True).click()
    visit.until_query("grouped=1&stretch=0")
    expect(page.locator(".drift-scale")).to_contain_text("nonmetal")
    expect(page.locator(".drift-map figcaption").first).to_contain_text("trails not drawn")
    assert not page.locator(".drift-trail").first.get_attribute("d")
    assert b">nonmetal<" in saved(page, "maps-svg")[1]
    page.get_by_role("button", name="Linear", exact=True).click()
    expect(page.locator(".drift-scale")).to_contain_text("99 % of all atoms")


def test_find_filters_the_ranking(visit):
    page = opened(visit, "&find=" + "perovskite")
    expect(page.locator(".drift-worst .hint")).to_contain_text("selected sites")
    assert all("O3" in t for t in page.locator(".drift-worst .ranked-id").all_inner_texts())


def test_an_atom_is_pointed_at_and_chosen_on_a_map(visit):
    page = opened(visit, f"&series={STUDENT}")
    atom = first_atom("BaCeO3-0")  # every second structure is measured
    at = page.evaluate(
        """atom => {
            const ring = () => document.querySelector('.drift-map .drift-ring');
            atlas.hover.set(atom);
            const box = ring()?.getBoundingClientRect();
            atlas.hover.set(null);
            return box && [box.x + box.width / 2, box.y + box.height / 2];
        }""",
        atom,
    )
    page.mouse.move(*at)
    expect(page.locator(".figure-tip")).to_contain_text("Drift, anchors frozen")
    page.mouse.click(*at)
    page.wait_for_function("atlas.view.get().atom !== null")


def test_what_is_no_drift_of_a_foundation_model_says_so(visit):
    page = opened(visit, f"&series={STUDENT}")
    badge = page.locator(".drift-badge")
    expect(badge).to_have_text("student trained here, never a foundation model")
    expect(page.locator(".drift-facts")).to_contain_text("random weights")
    opened(visit, f"&series={HEADS}")
    expect(badge).to_have_text("comparison of separate trainings, not drift")
    expect(page.locator(".drift-numbers thead")).to_contain_text("Difference, re-embedded")
    expect(page.locator(".drift-curves h2")).to_have_text("By element: difference, anchors re-embedded")
    opened(visit, f"&series={PUBLISHED}")
    expect(badge).to_have_text("published fine-tune")
    expect(page.locator(".drift-outputs .hint")).to_contain_text("No energies or forces were computed")


def test_what_is_shown_is_saved(visit):
    page = opened(visit, "&step=2&theme=dark")
    name, body = saved(page, "numbers-csv")
    lines = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert name == "synthetic-drift-7net-0-naive-seed0-numbers.csv"
    assert len(lines) == len(STRATEGIES) * len(STEPS) * 7
    assert {line["kind"] for line in lines} == {"fine-tuning"}
    name, body = saved(page, "numbers-json")
    assert [s["strategy"] for s in json.loads(body)["series"]] == STRATEGIES
    _, body = saved(page, "worst-csv")
    assert len(body.decode().splitlines()) == 71
    _, body = saved(page, "elements-csv")
    flagged = [r for r in csv.DictReader(io.StringIO(body.decode("utf-8-sig"))) if r["flagged"] == "1"]
    assert [(r["element"], r["strategy"]) for r in flagged] == [("O", "naive")]
    name, body = saved(page, "maps-svg")
    assert name == "synthetic-drift-7net-0-naive-seed0-maps-step2.svg"
    assert body.count(b"data:image/png") == 3
    assert b"fine-tuned here" in body
    _, body = saved(page, "curves-csv")
    assert "Procrustes to base" in {r["measure"] for r in csv.DictReader(io.StringIO(body.decode("utf-8-sig")))}
    assert saved(page, "curves-png")[1].startswith(b"\x89PNG")
    assert b"Spearman" in saved(page, "outputs-svg")[1].replace(b"\xe2\x80\x99", b"'")


def test_an_atlas_without_series_says_which_command_makes_one(browser, tmp_path):
    bare = write_atlas(tmp_path / "bare.zarr", copies=1, agreement=False)
    with served(bare) as address, visiting(browser, address) as visit:
        visit.page.add_init_script(NO_HINTS)
        visit.page.goto(address + PAGE)
        expect(visit.page.locator(".drift-none")).to_contain_text("platonic-atlas drift ATLAS --base")
        expect(visit.page.locator(".drift-bar")).to_be_hidden()
