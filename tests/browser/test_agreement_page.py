"""The Agreement page, as a person uses it."""

import csv
import io
import json
import re

import pytest
from playwright.sync_api import expect

from precompute.agreement.stored import write_run
from tests.browser.conftest import served, visiting
from tests.dashboard.synthetic import write_atlas
from tests.dashboard.synthetic_agreement import KEYS, REASON, run

pytestmark = pytest.mark.browser
PAGE = "?page=agreement"
MATRIX = "#agree-matrix"
DRAWN_OR_WHY = """() => {
    const [why, drawing] = [document.querySelector(".agree-why"), document.querySelector("#agree-drawing")];
    return why.checkVisibility() ? /^(?!Reading).+/.test(why.textContent) : drawing.querySelector("text");
}"""
BEHIND = """() => [".agree-main .agree-place", ".agree-main .agree-save", ".agree-panel"]
    .map(place => document.querySelector(place).inert)"""
NO_HINTS = "try { localStorage.setItem('platonic-atlas:hints', 'done') } catch {}"


def opened(visit, query=""):
    """Open the page and wait until there is a matrix."""
    visit.page.goto(visit.address + PAGE + query)
    visit.page.wait_for_selector(f"{MATRIX} .cell")
    return visit.page


def cell(page, a, b):
    return page.locator(f'{MATRIX} .cell[data-i="{KEYS.index(a)}"][data-j="{KEYS.index(b)}"]')


def rows(page):
    return page.locator(f"{MATRIX} [role=rowheader]").evaluate_all("r => r.map(n => n.getAttribute('aria-label'))")


def tip(page):
    return page.locator(".figure-tip")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_matrix_tree_and_every_figure_are_drawn_inside_the_window(browser, address, theme, size):
    width, height = size
    with visiting(browser, address, viewport={"width": width, "height": height}) as visit:
        visit.page.add_init_script(NO_HINTS)
        page = opened(visit, f"&theme={theme}")
        assert page.locator(f"{MATRIX} .cell").count() == len(KEYS) * (len(KEYS) - 1)
        assert page.locator(f"{MATRIX} .branch").count() == len(KEYS) - 2  # element-only stands in no tree
        for tab in page.get_by_role("tab").all():
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            page.wait_for_function(DRAWN_OR_WHY)
        box = page.locator(".agreement").bounding_box()
        assert box["x"] + box["width"] <= width + 1
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_numbers_have_interval_chance_element_identity_and_atoms(visit):
    page = opened(visit)
    cell(page, "7net-0", "chgnet-r2scan").hover()
    said = tip(page).inner_text()
    for part in ("7net-0 and chgnet-r2scan", "0.910 [0.890, 0.930]", "Atoms permuted: 0.100", "With element-only",
                 "Over 40 symmetry-distinct atoms"):  # fmt: skip
        assert part in said
    assert "40 symmetry-distinct atoms of 15 structures" in page.locator(".agree-over").inner_text()
    assert "Source: nuclear-norm form" in page.locator(".agree-meaning").inner_text()
    page.mouse.move(2, 700)
    expect(tip(page)).to_be_hidden()


def test_metric_run_and_order_are_in_the_address_and_come_back(visit):
    page = opened(visit)
    page.get_by_label("Metric", exact=True).select_option("mutual-knn")
    page.get_by_role("button", name="List", exact=True).click()
    page.get_by_label("Compared", exact=True).select_option("within-element-atom")
    visit.until_query("run=within-element-atom&metric=mutual-knn&order=list")
    expect(page.locator(".agree-title")).to_have_text("Mutual k-NN")
    assert rows(page) == [k for k in KEYS if k != "element-only"] + ["element-only"]
    page = opened(visit, page.evaluate("location.search").removeprefix(PAGE).replace("?page=agreement", ""))
    expect(page.get_by_label("Metric", exact=True)).to_have_value("mutual-knn")
    expect(page.locator(".agree-over")).to_contain_text("within each element")
    # the metric that this run lacks cannot be chosen
    assert page.locator("#agree-metric option[value=cknna]").is_disabled()


def test_a_metric_without_scores_says_why_and_another_is_shown(visit):
    page = opened(visit, "&metric=lfre")
    expect(page.locator(".agree-note")).to_contain_text(REASON)
    expect(page.locator(".agree-title")).to_have_text("Procrustes similarity")


def test_a_click_opens_both_models_on_the_map_and_back_returns(visit):
    page = opened(visit)
    cell(page, "7net-0", "mace-untrained").click()
    visit.until_view("page", "map")
    visit.until_view("models", ["7net-0", "mace-untrained"])
    visit.until_shown("7net-0", "mace-untrained")
    page.go_back()
    visit.page.wait_for_function("atlas.view.get().page === 'agreement'")
    assert visit.view("pair") == ["7net-0", "mace-untrained"]
    expect(page.get_by_label("Of", exact=True)).to_have_value("7net-0")


def test_cells_from_the_keyboard(visit):
    page = opened(visit, "&order=list")
    cell(page, "7net-0", "chgnet-r2scan").focus()
    page.keyboard.press("ArrowRight")
    expect(cell(page, "7net-0", "mace-untrained")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(cell(page, "chgnet-r2scan", "mace-untrained")).to_be_focused()
    expect(tip(page)).to_contain_text("chgnet-r2scan and mace-untrained")
    page.keyboard.press("Escape")
    expect(tip(page)).to_be_hidden()
    page.keyboard.press("Space")
    visit.page.wait_for_function("atlas.view.get().pair.join() === 'chgnet-r2scan,mace-untrained'")
    expect(cell(page, "chgnet-r2scan", "mace-untrained")).to_be_focused()
    page.keyboard.press("Enter")
    visit.until_view("page", "map")
    assert visit.view("models") == ["chgnet-r2scan", "mace-untrained"]


def test_one_stop_for_tab_in_matrix_tabs_and_figure(visit):
    page = opened(visit, "&figure=scatter")
    page.wait_for_selector("#agree-drawing .mark")
    for place in (MATRIX, "[role=tablist]", "#agree-drawing"):
        assert page.locator(f"{place} [tabindex='0']").count() == 1
    page.get_by_role("tab", name="Global–local").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Anchors")).to_be_focused()
    visit.until_query("figure=anchors")


def test_marks_say_what_they_are_and_choose_their_pair(visit):
    page = opened(visit, "&figure=scatter")
    mark = page.locator("#agree-drawing .mark[data-a='7net-0'][data-b='chgnet-r2scan']")
    mark.hover()
    assert re.search(r"Procrustes similarity 0\.910 .*\(40 symmetry-distinct atoms\)", tip(page).inner_text())
    mark.click()
    visit.page.wait_for_function("atlas.view.get().pair.join() === '7net-0,chgnet-r2scan'")
    expect(cell(page, "7net-0", "chgnet-r2scan").locator(".ring")).to_have_count(1)
    page.get_by_label("Up", exact=True).select_option("cknna")
    visit.until_query("axes=procrustes,cknna")


def test_an_asymmetric_metric_says_from_row_to_column(visit):
    page = opened(visit, "&metric=information-imbalance&figure=imbalance")
    assert "Rows are from, columns to." in page.locator(".agree-meaning").inner_text()
    cell(page, "chgnet-r2scan", "7net-0").hover()
    assert "from chgnet-r2scan to 7net-0" in tip(page).inner_text()
    assert "unrelated" in page.locator("#agree-drawing").inner_html()


def test_the_plan_of_transport_names_elements_under_the_pointer(visit):
    page = opened(visit, "&figure=transport")
    expect(page.locator(".agree-head h3")).to_contain_text("76 % of atoms lie on their own element")
    box = page.locator("#agree-drawing .catcher").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 8, box["y"] + box["height"] / 8)
    expect(tip(page)).to_contain_text("Li in 7net-0, Li in chgnet-r2scan")
    page.get_by_label("and", exact=True).select_option("mace-untrained")
    expect(page.locator(".agree-why")).to_contain_text("No plan is stored for these two models")


def test_the_plan_of_transport_is_read_without_a_pointer_and_saved(visit):
    page = opened(visit, "&figure=transport")
    summary = page.locator(".agree-table summary")
    summary.focus()
    page.keyboard.press("Enter")
    rows_ = page.locator(".agree-table tbody tr")
    expect(rows_.first).to_contain_text("2.0 %")
    assert rows_.count() == 12  # four elements, less those that stay
    name, body = saved(page, page.get_by_role("region", name="Figures").get_by_role("button", name="CSV"))
    assert name == "synthetic-agreement-representatives-atom-transport.csv"
    lines = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert len(lines) == 16
    assert sum(float(line["part_of_all_atoms"]) for line in lines) == pytest.approx(1, abs=1e-3)
    page.get_by_role("tab", name="Imbalance").click()
    expect(summary).to_be_hidden()


def test_the_focus_stays_on_the_mark_that_was_chosen_and_back_undoes_the_choice(visit):
    page = opened(visit)
    row = page.locator("#agree-drawing .mark[data-metric='cka']")
    row.focus()
    page.keyboard.press("Enter")
    visit.until_query("metric=cka")
    expect(page.locator(".agree-title")).to_have_text("Linear CKA")
    expect(row).to_be_focused()
    assert page.locator("#agree-drawing [tabindex='0']").count() == 1
    page.go_back()
    expect(page.locator(".agree-title")).to_have_text("Procrustes similarity")


def test_what_cannot_be_read_is_asked_for_once_and_again_when_somebody_wants(visit):
    page, asked = visit.page, []

    def fail(route):
        asked.append(route.request.url)
        route.fulfill(status=500, body="no")

    page.route("**/agreement/runs/**", fail)
    page.goto(visit.address + PAGE)
    expect(page.locator(".agree-none")).to_contain_text("could not be read: the server answered 500")
    page.evaluate("atlas.view.set({ metric: 'cka' })")
    page.evaluate("atlas.view.set({ order: 'list' })")
    page.wait_for_timeout(300)
    assert len(asked) == 1
    page.unroute("**/agreement/runs/**")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(f"{MATRIX} .cell")
    page.route("**/agreement/transport*", fail)
    page.get_by_role("tab", name="Transport").click()
    expect(page.locator(".agree-why")).to_contain_text("The plan could not be read")
    page.wait_for_timeout(300)
    assert len(asked) == 2
    visit.errors.clear()  # the answers that this test has made


def test_a_poll_that_is_lost_does_not_end_the_comparison(visit):
    page, lost = visit.page, []

    def lose(route):
        lost.append(1)
        route.abort() if len(lost) < 3 else route.continue_()

    page.route("**/agreement/selection?*", lose)
    opened(visit, "&elements=O,Na,Cl")
    page.get_by_role("button", name="Selection: ").click()
    expect(page.locator(".agree-progress")).to_contain_text("it is asked again")
    expect(page.locator(".agree-over")).to_contain_text("of the selection’s", timeout=20_000)
    assert len(lost) >= 3
    visit.errors.clear()  # the connections that this test has cut


def test_a_refused_comparison_can_be_asked_for_again(visit):
    page, asked = visit.page, []

    def refuse_first(route):
        asked.append(1)
        if len(asked) > 1:
            return route.continue_()
        return route.fulfill(json={"state": "refused", "error": "Too many comparisons are waiting"})

    page.route("**/agreement/selection?*", refuse_first)
    opened(visit, "&elements=O,Na,Cl")
    page.get_by_role("button", name="Selection: ").click()
    expect(page.locator(".agree-refused")).to_contain_text("Too many comparisons")
    page.wait_for_timeout(700)
    assert len(asked) == 1
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".agree-over")).to_contain_text("of the selection’s", timeout=20_000)


def test_a_run_without_metrics_of_pairs_shows_what_it_has(browser, tmp_path):
    of_models = run("representatives", "atom", ("intrinsic-dimension", "collapse"))
    bare = write_atlas(tmp_path / "bare.zarr", agreement=False, add=lambda file: write_run(file, of_models))
    with served(bare) as address, visiting(browser, address) as visit:
        visit.page.add_init_script(NO_HINTS)
        page = visit.page
        page.goto(address + PAGE)
        expect(page.locator(".agree-none")).to_contain_text("no metric of pairs of models")
        for tab in page.get_by_role("tab").all():
            tab.click()
            page.wait_for_function(DRAWN_OR_WHY)
        page.get_by_role("tab", name="Dimension").click()
        expect(page.locator("#agree-drawing .mark")).not_to_have_count(0)


def test_errors_are_asked_for_where_none_are_known_and_drawn_where_they_are(browser, atlas_path, tmp_path, visit):
    page = opened(visit, "&figure=errors")
    expect(page.locator(".agree-why")).to_contain_text("--errors errors.csv")
    table = tmp_path / "errors.csv"
    lines = [f"{key},{0.01 * (i + 1)},eV/atom,ours" for i, key in enumerate(KEYS[:3])]
    table.write_text("\n".join(["model,error,unit,source", *lines]))
    with served(atlas_path, "--errors", table) as address, visiting(browser, address) as known:
        known.page.add_init_script(NO_HINTS)
        page = opened(known, "&figure=errors")
        page.locator("#agree-drawing .mark").first.hover()
        assert "Error 0.0200 (eV/atom), ours" in tip(page).inner_text()


def test_the_selection_is_compared_and_leaving_forgets_it(visit):
    page = opened(visit)
    page.evaluate("atlas.view.set({ elements: ['O', 'Na', 'Cl'] })")
    page.get_by_role("button", name="Selection: 85 atoms").click()
    visit.until_query("over=selection")
    expect(page.locator(".agree-over")).to_contain_text("of the selection’s 85 atoms (elements", timeout=60_000)
    expect(page.locator(".agree-progress")).to_be_hidden(timeout=60_000)
    matrix = page.get_by_role("region", name="Model against model")
    name, body = saved(page, matrix.get_by_role("button", name="CSV"))
    assert re.fullmatch(r"synthetic-agreement-selection-[0-9a-f]{8}-procrustes\.csv", name)
    lines = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert {line["selection"] for line in lines} == {"elements O, Na, Cl"}
    page.evaluate("atlas.view.set({ elements: ['Li'] })")
    expect(page.locator(".agree-refused")).to_contain_text("at least 22 are needed")
    # what stood there is of other atoms: it can be neither saved nor chosen from
    assert page.evaluate(BEHIND) == [True, True, True]
    page.keyboard.press("e")
    expect(page.locator("[data-export-says=svg]")).to_have_text("There is no comparison to save yet.")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Whole atlas").click()
    expect(page.locator(".agree-over")).to_contain_text("200 resamples")


def saved(page, button):
    with page.expect_download() as waited:
        button.click()
    download = waited.value
    return download.suggested_filename, download.path().read_bytes()


def test_what_is_shown_is_saved_as_table_run_drawing_and_picture(visit):
    page = opened(visit, "&metric=cka&theme=dark")
    matrix = page.get_by_role("region", name="Model against model")
    name, body = saved(page, matrix.get_by_role("button", name="CSV"))
    lines = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert name == "synthetic-agreement-representatives-atom-cka.csv"
    assert len(lines) == len(KEYS) ** 2
    assert {line["n"] for line in lines} == {"40"}
    assert {(line["resamples"], line["permutations"], line["selection"]) for line in lines} == {("200", "20", "")}
    assert json.loads(saved(page, matrix.get_by_role("button", name="JSON"))[1])["run"]["models"] == list(KEYS)
    drawing = saved(page, matrix.get_by_role("button", name="SVG"))[1].decode()
    assert "Linear CKA" in drawing
    assert "var(" not in drawing
    name, body = saved(page, matrix.get_by_role("button", name="PNG"))
    assert name.endswith(".png")
    assert body.startswith(b"\x89PNG")


def test_the_menu_of_exports_saves_the_matrix_here_and_maps_on_the_map(visit):
    page = opened(visit, "&metric=cka")
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.locator("[data-export-says=svg]")).to_have_text(f"Linear CKA of {len(KEYS)} models")
    name, body = saved(page, page.locator("[data-export=svg]"))
    assert name == "synthetic-agreement-representatives-atom-cka.svg"
    assert b"Linear CKA" in body
    page.get_by_role("link", name="Map").click()
    visit.settled()
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.locator("[data-export-says=svg]")).to_contain_text("maps of")


def test_an_atlas_that_was_not_compared_says_how_and_offers_to_do_so(browser, tmp_path):
    bare = write_atlas(tmp_path / "bare.zarr", agreement=False)
    with served(bare) as address, visiting(browser, address) as visit:
        visit.page.add_init_script(NO_HINTS)
        page = visit.page
        page.goto(address + PAGE)
        expect(page.locator(".agree-none")).to_contain_text("platonic-atlas agreement")
        page.get_by_role("button", name="Compare now").click()
        expect(page.locator(".agree-refused")).to_contain_text("coordinates of fewer than two models")
