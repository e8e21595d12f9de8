"""The Neighbours page in a browser: numbers, small maps, the ranking, one atom, and what each click does."""

import csv
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import served, visiting
from tests.browser.neighbours_steps import DONE, PAIR, here, mean, ready, region
from tests.dashboard.synthetic import HOSTILE_ID
from tests.dashboard.synthetic_overlap import write_overlap_atlas

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def overlap_address(tmp_path_factory):
    with served(write_overlap_atlas(tmp_path_factory.mktemp("neighbours") / "synthetic.zarr")) as base:
        yield base


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


@pytest.fixture
def visit(browser, overlap_address, scheme):
    with visiting(browser, overlap_address, color_scheme=scheme) as made:
        made.page.add_init_script(DONE)
        yield made


def colours(page):
    """How many colours the small maps are drawn in."""
    return page.evaluate(
        """() => {
            const canvas = document.querySelector('.maps.small .map-points');
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const found = new Set();
            for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) found.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
            return found.size;
        }"""  # noqa: E501  # one statement of a script
    )


def test_the_page_shows_numbers_maps_rankings_and_groups(visit, scheme):
    page = here(visit)
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == scheme
    found = page.evaluate("atlas.arrays.asked(`overlap/summary${atlas.view.comparing()}`)")
    assert mean(page) == f"{found['all']['mean']:.2f}"
    expect(page.locator(".headline-says")).to_contain_text(
        f"mean over {found['all']['atoms']} sites in {found['all']['structures']} crystals"
    )
    expect(page.locator(".figure").nth(1)).to_contain_text("with element-only")
    assert colours(page) > 4
    rows = region(page, "Where models disagree most").locator("tbody tr")
    assert rows.count() == 50
    assert page.get_by_role("group", name="Overlap by crystal system").get_by_role("button").count() == 2
    assert page.get_by_role("group", name="Overlap by element").get_by_role("button", name="oxygen").is_enabled()
    expect(region(page, "The chosen atom").get_by_role("heading", name="Choose an atom")).to_be_visible()
    assert page.evaluate("(p => p.scrollWidth <= p.clientWidth)(document.getElementById('page-neighbours'))")


def test_controls_change_the_view_its_address_and_the_numbers(visit):
    page = here(visit)
    before = mean(page)
    page.get_by_role("button", name="5", exact=True).click()
    visit.until_query("nearest=5")
    ready(visit)
    assert mean(page) != before
    page.get_by_role("button", name="Same element").click()
    page.get_by_role("button", name="Above chance").click()
    visit.until_query("near=within_element")
    visit.until_query("chance=1")
    ready(visit)
    expect(page.locator(".headline-says")).to_contain_text("5 nearest neighbours above chance")
    page.get_by_label("with", exact=True).select_option("element-only")
    ready(visit)
    assert visit.view("pair") == ["7net-0", "element-only"]
    page.get_by_role("button", name="Exchange the two models").click()
    assert visit.view("pair") == ["element-only", "7net-0"]
    page.get_by_label("Compare", exact=True).select_option("all shown (mean)")
    ready(visit)
    assert visit.view("pair") == []
    expect(page.get_by_label("with", exact=True)).to_be_hidden()
    expect(page.locator(".figure-name").first).to_have_text("3 models, mean over 3 pairs")
    page.go_back()
    visit.until_view("pair", ["element-only", "7net-0"])
    expect(page.get_by_label("with", exact=True)).to_have_value("7net-0")


def test_a_pasted_address_shows_the_same(visit):
    query = f"{PAIR}&atom=BaCeO3-0:2&near=all&nearest=20&chance=1&ranked=structures&sort=-control"
    page = here(visit, query)
    assert visit.query() == query
    expect(page.get_by_role("button", name="20", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Crystals", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("columnheader", name="Element-only", exact=True)).to_have_attribute(
        "aria-sort", "descending"
    )
    expect(region(page, "The chosen atom").get_by_role("heading", name="Ce 1 in BaCeO3")).to_be_visible()


def test_the_ranking_sorts_turns_pages_and_chooses_atoms_by_mouse_and_keys(visit):
    page = here(visit)
    ranked = region(page, "Where models disagree most")
    values = ranked.locator("tbody td:nth-child(2)")
    first = [float(v) for v in values.all_inner_texts()]
    assert first == sorted(first)
    ranked.get_by_role("button", name="Overlap").click()
    ready(visit)
    expect(ranked.get_by_role("columnheader", name="Overlap")).to_have_attribute("aria-sort", "descending")
    last = [float(v) for v in values.all_inner_texts()]
    assert last == sorted(last, reverse=True)
    assert last[0] > first[0]
    visit.until_query("sort=-overlap")
    page.go_back()
    ready(visit)
    expect(ranked.get_by_role("columnheader", name="Overlap")).to_have_attribute("aria-sort", "ascending")
    page.go_forward()
    ready(visit)
    ranked.get_by_role("button", name="Overlap").click()
    ready(visit)
    ranked.get_by_role("button", name="Next rows").click()
    ready(visit)
    expect(ranked.get_by_role("status")).to_contain_text("51–")
    expect(ranked.get_by_role("button", name="Next rows")).to_be_enabled()
    ranked.locator("tbody tr").nth(3).get_by_role("button").click()
    ready(visit)
    chosen = visit.view("atom")
    expect(ranked.locator("tr.chosen-row")).to_have_attribute("data-row-atom", str(chosen))
    ranked.get_by_role("button", name="Rows before").click()
    ready(visit)
    ranked.get_by_role("button", name="chosen atom: 54").click()
    ready(visit)
    expect(ranked.locator("tr.chosen-row")).to_have_count(1)
    # one stop of the Tab key; arrows go from row to row
    ranked.locator("tr.chosen-row button").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    visit.until_query("atom=")
    ready(visit)
    assert visit.view("atom") != chosen
    ranked.get_by_role("button", name="Crystals").click()
    visit.until_query("ranked=structures")
    ready(visit)
    expect(ranked.locator("tr.chosen-row")).to_have_count(1)


def test_one_atom_is_shown_as_each_model_sees_it_and_every_name_leads_on(visit):
    page = here(visit, f"{PAIR}&atom=BaCeO3-0:2")
    around = region(page, "The chosen atom")
    counts = {}
    for name in ("Only 7net-0", "Both", "Only mace-untrained"):
        card = around.get_by_role("group", name=name)
        counts[name] = card.locator("li").count()
        assert card.get_by_role("heading").inner_text() == f"{name} {counts[name]}"
    assert counts["Only 7net-0"] == counts["Only mace-untrained"] == 10 - counts["Both"]
    expect(around.get_by_role("status")).to_contain_text(
        f"{counts['Both'] / 10:.2f} of k = 10 shared; with element-only"
    )
    expect(around.get_by_role("status")).to_contain_text("rank-biased overlap")
    only = around.get_by_role("group", name="Only 7net-0").get_by_role("button").first
    assert re.search(r" in .*; 7net-0: rank \d+, cosine 0\.\d{3}", only.get_attribute("aria-label"))
    why = around.get_by_role("group", name=re.compile("^Why"))
    expect(why.get_by_role("heading")).to_have_text("Why 7net-0 and mace-untrained differ")
    assert why.locator(".why-plot i").count() == 12
    wanted = int(only.get_attribute("data-atom"))
    only.click()
    visit.until_view("atom", wanted)
    ready(visit)
    anchor = why.get_by_role("button").first
    wanted = int(anchor.get_attribute("data-atom"))
    anchor.click()
    visit.until_view("atom", wanted)
    page.go_back()
    page.go_back()
    ready(visit)
    expect(around.get_by_role("heading", name="Ce 1 in BaCeO3")).to_be_visible()
    page.get_by_role("button", name="Exchange the two models").click()
    ready(visit)
    expect(around.get_by_role("heading", level=3).first).to_contain_text("Only mace-untrained")


def test_without_a_pair_each_model_has_a_card_and_the_least_alike_are_explained(visit):
    page = here(visit, "?page=neighbours&models=7net-0,chgnet-r2scan,mace-untrained,mine%3Cb%3E&atom=BaCeO3-0:2")
    around = region(page, "The chosen atom")
    cards = around.locator(".card h3")
    assert [t.rpartition(" ")[0] for t in cards.all_inner_texts()] == ["7net-0", "chgnet-r2scan", "mine<b>"]
    expect(around.get_by_role("heading", name="the least alike of these")).to_be_visible()


def test_groups_and_elements_select_and_take_it_back(visit):
    page = here(visit)
    row = page.get_by_role("group", name="Overlap by crystal system").get_by_role("button", name="molecule")
    atoms = re.search(r"over (\d+) sites", row.get_attribute("aria-label"))[1]
    row.click()
    visit.until_query("find=crystal_system = molecule")
    ready(visit)
    expect(page.locator(".headline-says")).to_contain_text(f"over {atoms} sites")
    expect(page.locator(".headline-says")).to_contain_text("of the selection")
    page.get_by_role("group", name="Overlap by crystal system").get_by_role("button", name="molecule").click()
    visit.until_view("find", "")
    ready(visit)
    page.get_by_role("group", name="Overlap by element").get_by_role("button", name="oxygen").click()
    visit.until_view("elements", ["O"])
    ready(visit)
    assert all(
        text.startswith("O ")
        for text in region(page, "Where models disagree most").locator("tbody th").all_inner_texts()
    )


def test_means_are_saved_as_a_table_named_by_what_they_are_of(visit):
    page = here(visit, f"{PAIR}&find=element%20%3D%20O&near=all")
    with page.expect_download() as saved:
        region(page, "By element and by crystal").get_by_role("button", name="CSV").click()
    assert saved.value.suggested_filename == "overlap-7net-0-mace-untrained-all-k10-selection.csv"
    head, *lines = csv.reader(saved.value.path().read_text().splitlines())
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    assert {row["selection"] for row in rows} == {"find=element%20%3D%20O"}
    assert [row["name"] for row in rows if row["group"] == "element"] == ["O"]
    assert any(row["group"] == "by chance, at least" for row in rows)


def test_small_maps_are_those_of_the_models_and_lead_to_the_page_of_maps(visit):
    page = here(visit)
    assert page.locator(".maps.small .panel-name").all_inner_texts() == ["7net-0"]
    page.set_viewport_size({"width": 1920, "height": 1080})
    expect(page.locator(".maps.small .panel-name")).to_have_text(["7net-0", "mace-untrained"])
    ready(visit)
    box = page.locator(".maps.small").bounding_box()
    page.locator(".maps.small").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function("atlas.view.get().atom !== null")
    page.mouse.move(box["x"] + 30, box["y"] + 60)
    before = visit.view("zoom")
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(300)
    assert visit.view("zoom") == before
    page.get_by_role("button", name="Open in Map").click()
    visit.until_shown("7net-0", "mace-untrained")
    assert [visit.view(f) for f in ("page", "colour")] == ["map", "overlap"]
    expect(page.locator("#colour-hint")).to_contain_text("Overlap of 7net-0 and mace-untrained, k = 10")
    page.go_back()
    visit.until_view("page", "neighbours")
    assert visit.view("colour") == "category"


def test_overlap_is_brushed_tabulated_and_shown_on_the_periodic_table_of_the_maps(visit):
    page = visit.open(
        "?models=7net-0,mace-untrained&pair=7net-0,mace-untrained&nearest=5&colour=overlap&panel=atoms"
    ).page
    page.wait_for_function("performance.getEntriesByName('atlas:table').length > 0")
    names = page.evaluate("dash_ag_grid.getApi('table').getColumnDefs().map((column) => column.headerName)")
    assert names[-1] == "Overlap of 7net-0 and mace-untrained, k = 5"
    page.locator("#elements-controls select").select_option("overlap")
    page.wait_for_function("document.querySelector('#elements-hint').textContent.includes('verlap')")
    visit.set(panel="histograms")
    visit.set(brush={"overlap": [0, 0.4]})
    few = len(visit.selected())
    visit.set(nearest=20)
    page.wait_for_function("n => atlas.selection.get().count !== n", arg=few)
    expect(page.get_by_role("region", name="Histogram of Overlap of neighbours")).to_be_visible()
    values = page.evaluate("atlas.arrays.legend('overlap').then((l) => l.label)")
    assert values.endswith("k = 20")


def test_where_nothing_can_be_compared_the_page_says_what_to_do(visit, scheme, browser, address):
    page = here(visit, "?page=neighbours&models=7net-0")
    expect(region(page, "Overlap")).to_contain_text("An overlap needs two models")
    expect(page.locator(".neighbours-body")).to_be_hidden()
    page.get_by_label("Compare", exact=True).select_option("chgnet-r2scan")
    ready(visit)
    expect(page.locator(".neighbours-body")).to_be_visible()
    expect(page.locator(".headline-says")).to_contain_text("chgnet-r2scan has no list of 3 atoms")
    refused = here(visit, "?page=neighbours&pair=7net-0,chgnet-r2scan&atom=NaCl-0:1")
    expect(region(refused, "The chosen atom").get_by_role("status")).to_contain_text("chgnet-r2scan lists none")
    here(visit, f"{PAIR}&find=element%20%3D%20Xe")
    expect(region(page, "Overlap")).to_contain_text("No selected atom has such a list")
    with visiting(browser, address, color_scheme=scheme) as bare:
        bare.page.add_init_script(DONE)
        here(bare, f"{PAIR}&near=within_element")
        expect(region(bare.page, "Overlap")).to_contain_text("The atlas holds no such lists of 7net-0, mace-untrained")


def test_the_focus_stays_where_the_page_is_drawn_anew(visit):
    page = here(visit, f"{PAIR}&atom=BaCeO3-0:2")
    focused = "document.activeElement.textContent"
    sort = region(page, "Where models disagree most").get_by_role("button", name="Element-only")
    sort.focus()
    page.keyboard.press("Enter")
    ready(visit)
    assert page.evaluate(focused).startswith("Element-only")
    row = page.get_by_role("group", name="Overlap by crystal system").get_by_role("button", name="cubic")
    row.focus()
    page.keyboard.press("Enter")
    visit.until_query("find=crystal_system")
    ready(visit)
    assert page.evaluate(focused).startswith("cubic")
    region(page, "The chosen atom").get_by_role("group", name="Both").get_by_role("button").first.focus()
    page.keyboard.press("Enter")
    ready(visit)
    assert " in " in page.evaluate(focused)
    assert page.evaluate("document.activeElement.tagName") == "H2"


def test_presented_the_page_is_larger_and_its_maps_still_follow_the_pointer(visit):
    page = here(visit, f"{PAIR}&atom=BaCeO3-0:2#present")
    page.wait_for_function("document.querySelector('.presented')")
    expect(page.locator(".left")).to_be_hidden()
    size = "getComputedStyle(document.getElementById('page-neighbours')).zoom"
    assert float(page.evaluate(size)) > 1
    box = page.locator(".maps.small").bounding_box()
    ring = page.evaluate(
        """() => {
            const canvas = document.querySelector('.maps.small .map-marks');
            const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            let [n, x, y] = [0, 0, 0];
            for (let i = 3; i < data.length; i += 4) if (data[i]) {
                n += 1;
                x += ((i - 3) / 4) % width;
                y += Math.floor((i - 3) / 4 / width);
            }
            return [x / n / canvas.width * canvas.offsetWidth, y / n / canvas.height * canvas.offsetHeight];
        }"""
    )
    scale = box["width"] / page.evaluate("document.querySelector('.maps.small').offsetWidth")
    page.mouse.move(box["x"] + ring[0] * scale, box["y"] + ring[1] * scale)
    page.wait_for_function("atlas.hover.get() !== null")
    assert page.evaluate("atlas.hover.get()") == visit.view("atom")


def test_names_from_data_are_text_and_every_control_has_a_name(visit):
    page = here(visit, f"{PAIR}&ranked=structures&elements=Li")
    assert page.locator("#page-neighbours b b, #page-neighbours script").count() == 0
    expect(region(page, "Where models disagree most")).to_contain_text(HOSTILE_ID)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('#page-neighbours :is(button, select, [tabindex="0"])')]
            .filter((e) => e.checkVisibility() && !(e.getAttribute('aria-label') || e.textContent.trim() || e.title))
            .map((e) => e.outerHTML)"""
    )
    assert nameless == []
