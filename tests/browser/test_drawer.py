"""The drawer under the maps: tables and histograms, as a person uses them."""

import pytest

from tests.dashboard.synthetic import HOSTILE_ID, structures

pytestmark = pytest.mark.browser
PAIRS = [s for s, _ in structures(4)]
N_ATOMS = sum(map(len, PAIRS))
SAYS = "#table-says"


def rows_are_there(visit, panel="Atoms"):
    visit.page.get_by_role("button", name=panel, exact=True).click()
    visit.page.wait_for_selector("#table .ag-row[row-index='0'] .ag-cell[col-id='id']:not(:empty)")
    return visit.page.locator("#table")


def until_says(visit, text):
    visit.page.wait_for_function(f"text => document.querySelector('{SAYS}').textContent.includes(text)", arg=text)


def cells(visit, column):
    """Texts of a column's rows in sight, from the top."""
    return visit.page.evaluate(
        """column => [...document.querySelectorAll(`#table .ag-row .ag-cell[col-id="${column}"]`)]
            .map(c => [Number(c.closest(".ag-row").getAttribute("row-index")), c.textContent])
            .sort((a, b) => a[0] - b[0]).map(c => c[1])""",
        column,
    )


def tick(visit, index):
    visit.page.locator(f"#table .ag-row[row-index='{index}'] .ag-checkbox-input").click()


def drag(visit, chart, from_x, to_x):
    box = chart.bounding_box()
    visit.page.mouse.move(box["x"] + from_x, box["y"] + 30)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + (from_x + to_x) / 2, box["y"] + 30)
    visit.page.mouse.move(box["x"] + to_x, box["y"] + 30)
    visit.page.mouse.up()


def test_tabs_open_and_close_the_drawer_and_the_address_keeps_it(visit):
    page = visit.open().page
    maps = page.locator("#map-place").bounding_box()["height"]
    assert page.locator("#drawer-body").is_hidden()
    tab = page.get_by_role("button", name="Atoms", exact=True)
    tab.focus()
    page.keyboard.press("Enter")
    visit.until_query("panel=atoms")
    assert tab.get_attribute("aria-expanded") == "true"
    assert page.locator("#map-place").bounding_box()["height"] < maps
    visit.settled()
    page.keyboard.press("Enter")
    assert page.locator("#drawer-body").is_hidden()
    assert page.locator("#map-place").bounding_box()["height"] == maps


def test_the_handle_changes_the_height_by_keys_and_by_dragging(visit):
    page = visit.open("?panel=histograms").page
    handle = page.get_by_role("separator", name="Height of the drawer")
    before = page.locator("#drawer").bounding_box()["height"]
    handle.focus()
    page.keyboard.press("ArrowUp")
    assert page.locator("#drawer").bounding_box()["height"] == before + 24
    box = handle.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 53)
    page.mouse.up()
    assert page.locator("#drawer").bounding_box()["height"] == before - 26


def test_the_table_says_how_many_atoms_and_writes_hostile_ids_as_text(visit):
    visit.open()
    rows_are_there(visit)
    until_says(visit, f"All {N_ATOMS} atoms in {len(PAIRS)} crystals")
    visit.set(find='id = "' + HOSTILE_ID + '"')
    until_says(visit, f"8 atoms in 1 crystal selected of {N_ATOMS} atoms")
    visit.page.wait_for_function("document.querySelectorAll('#table .ag-center-cols-container .ag-row').length === 8")
    assert cells(visit, "id") == [HOSTILE_ID] * 8


def test_formulas_have_subscripts_and_headers_units(visit):
    visit.open()
    table = rows_are_there(visit, "Structures")
    visit.set(find="formula = BaCeO3")
    until_says(visit, "20 atoms in 4 crystals")
    visit.page.wait_for_function("document.querySelector('#table .ag-cell[col-id=formula] sub')?.textContent === '3'")
    assert table.get_by_role("columnheader", name="Band gap (eV)").count() == 1
    number = table.locator(".ag-cell[col-id='structure.band_gap']").first
    assert number.evaluate("e => getComputedStyle(e).justifyContent + getComputedStyle(e).textAlign") != "startstart"
    assert "ag-right-aligned-cell" in number.get_attribute("class")


def test_a_click_on_a_row_chooses_the_atom_and_back_returns(visit):
    visit.open()
    rows_are_there(visit)
    visit.page.locator("#table .ag-row[row-index='2'] .ag-cell[col-id='id']").click()
    visit.until_view("atom", 2)
    visit.page.wait_for_selector("#table .chosen-row[row-index='2']")
    visit.until_query("atom=")
    visit.page.go_back()
    visit.until_view("atom", None)
    visit.page.wait_for_selector("#table .chosen-row", state="detached")


def test_a_table_opens_at_the_chosen_atom_and_escape_closes_it(visit):
    last = len([1 for s, _ in structures(4) for _ in s.numbers]) - 1
    visit.open()
    visit.set(atom=last)
    visit.page.keyboard.press("a")
    visit.page.wait_for_selector(f"#table .chosen-row[row-index='{last}']")
    visit.page.locator("[data-panel='atoms']").focus()
    visit.page.keyboard.press("Escape")
    visit.until_view("panel", "none")
    assert visit.view("atom") == last


def test_tab_leaves_the_table(visit):
    visit.open()
    rows_are_there(visit)
    visit.page.locator("#table .ag-row[row-index='0'] .ag-cell[col-id='id']").click()
    for _ in range(2):
        visit.page.keyboard.press("Tab")
    assert not visit.page.evaluate("document.activeElement.closest('.ag-body')")


def test_the_keyboard_chooses_a_row_too(visit):
    visit.open()
    rows_are_there(visit)
    visit.page.locator("#table .ag-row[row-index='0'] .ag-cell[col-id='id']").click()
    visit.page.keyboard.press("ArrowDown")
    visit.page.keyboard.press("ArrowDown")
    visit.page.keyboard.press("Enter")
    visit.until_view("atom", 2)


def test_an_atom_chosen_elsewhere_is_scrolled_to(visit):
    visit.open("?panel=atoms")
    until_says(visit, "All")
    visit.page.wait_for_selector("#table .ag-row")
    last = N_ATOMS - 3
    visit.set(atom=last)
    visit.page.wait_for_selector(f"#table .chosen-row[row-index='{last}']")


def test_pointing_at_a_row_marks_its_atom_in_the_maps(visit):
    visit.open()
    rows_are_there(visit)
    visit.page.locator("#table .ag-row[row-index='3'] .ag-cell[col-id='id']").hover()
    visit.page.wait_for_function("atlas.hover.get() === 3")
    visit.page.locator(SAYS).hover()
    visit.page.wait_for_function("atlas.hover.get() === null")


def test_sorting_and_filtering_are_over_all_rows(visit):
    visit.open()
    table = rows_are_there(visit, "Structures")
    header = table.locator(".ag-header-cell[col-id='structure.band_gap'] .ag-header-cell-label")
    header.click()
    header.click()
    visit.page.wait_for_function(
        'Number(document.querySelector(\'#table [row-index="0"] [col-id="structure.band_gap"]\')?.textContent) === 8'
    )
    visit.page.evaluate(
        "dash_ag_grid.getApi('table').setFilterModel({formula: {filterType: 'text', type: 'equals', filter: 'baceo3'}})"
    )
    until_says(visit, "4 crystals pass the column filters")
    visit.page.get_by_role("button", name="Clear column filters").click()
    visit.page.wait_for_function(f"!document.querySelector('{SAYS}').textContent.includes('column filters')")


def test_ticked_rows_become_the_selection(visit):
    visit.open()
    rows_are_there(visit, "Structures")
    tick(visit, 0)
    tick(visit, 1)
    visit.page.get_by_role("button", name="Keep only these 2 crystals").click()
    visit.until_query("find=id in (")
    visit.settled()
    assert visit.selected() == list(range(len(PAIRS[0]) + len(PAIRS[1])))
    until_says(visit, f"16 atoms in 2 crystals selected of {N_ATOMS}")


def test_the_table_follows_the_selection_of_the_page(visit):
    visit.open()
    rows_are_there(visit)
    visit.set(elements=["Ce"])
    until_says(visit, "4 atoms in 4 crystals selected")
    visit.page.wait_for_function("document.querySelectorAll('#table .ag-center-cols-container .ag-row').length === 4")
    assert set(cells(visit, "atom")) == {"Ce 1"}


def test_histograms_show_all_behind_and_the_selected_before(visit):
    page = visit.open("?panel=histograms").page
    first = page.get_by_role("region", name="Histogram of Band gap")
    first.locator("path.bars.selected").wait_for()
    everything = first.locator("path.bars.all").get_attribute("d")
    assert first.locator("path.bars.selected").get_attribute("d") == everything
    visit.set(elements=["Na"])
    page.wait_for_function("document.querySelector('.histogram .histogram-says').textContent.includes('selected')")
    assert first.locator("path.bars.all").get_attribute("d") == everything
    assert first.locator("path.bars.selected").get_attribute("d") != everything
    with_value = sum(len(s) for s in PAIRS if "band_gap" in s.properties)
    assert f"{with_value} of {N_ATOMS} atoms have a value, 16 selected" in first.inner_text()
    assert "Band gap (eV)" in first.locator("svg").text_content()


def test_brushing_filters_the_map_and_a_double_click_clears_it(visit):
    page = visit.open("?panel=histograms").page
    chart = page.get_by_role("region", name="Histogram of Near atoms (within 1.2 × covalent radii)").locator("svg")
    chart.locator("path.bars.selected").wait_for()
    width = chart.bounding_box()["width"]
    drag(visit, chart, width - 60, width)
    visit.until_query("brush=coordination:")
    visit.settled()
    low, high = visit.view("brush")["coordination"]
    expected = page.evaluate(
        """async ([low, high]) => {
            const { arrays } = atlas;
            const [values, legend] = [await arrays.values("coordination"), await arrays.legend("coordination")];
            const order = await arrays.column("order");
            const of = i => Math.round(legend.lo + values[i] / 65534 * (legend.hi - legend.lo));
            return [...order].filter((_, i) => of(i) >= low && of(i) <= high).sort((a, b) => a - b);
        }""",
        [low, high],
    )
    assert 0 < len(expected) < N_ATOMS
    assert visit.selected() == expected
    assert chart.locator("rect.brush").count() == 1
    chart.dblclick(position={"x": width / 2, "y": 30})
    visit.until_view("brush", {})
    assert visit.selected() is None


def test_back_returns_to_before_a_dragged_range(visit):
    page = visit.open("?panel=histograms").page
    chart = page.get_by_role("region", name="Histogram of Near atoms (within 1.2 × covalent radii)").locator("svg")
    chart.locator("path.bars.selected").wait_for()
    width = chart.bounding_box()["width"]
    drag(visit, chart, width - 90, width)
    visit.until_query("brush=coordination:")
    visit.settled()
    page.go_back()
    visit.until_view("brush", {})
    assert visit.view("panel") == "histograms"


def test_a_removed_or_replaced_histogram_takes_its_range_along(visit):
    page = visit.open("?panel=histograms&brush=period:2..3,coordination:1..4").page
    page.get_by_role("button", name="Remove the histogram of Period").click()
    visit.until_view("brush", {"coordination": [1, 4]})
    replaced = page.get_by_role("region", name="Histogram of Near atoms (within 1.2 × covalent radii)")
    replaced.get_by_role("combobox").select_option("block")
    visit.until_view("brush", {})
    assert visit.selected() is None


def test_ranges_can_be_typed_and_cleared_by_keyboard(visit):
    page = visit.open("?panel=histograms").page
    box = page.get_by_role("spinbutton", name="Near atoms (within 1.2 × covalent radii) from")
    box.fill("20")
    box.press("Enter")
    page.wait_for_function("atlas.view.get().brush.coordination?.[0] === 20")
    visit.settled()
    assert len(visit.selected()) == sum(2 for s in PAIRS if "prototype" in s.properties)
    page.get_by_role("button", name="Clear the range of Near atoms (within 1.2 × covalent radii)").press("Enter")
    visit.until_view("brush", {})


def test_a_range_in_the_address_brings_its_histogram(visit):
    page = visit.open("?panel=histograms&brush=period:2..3").page
    region = page.get_by_role("region", name="Histogram of Period")
    region.locator("rect.brush").wait_for()
    assert region.get_by_role("spinbutton", name="Period to").input_value() == "3"


def test_histograms_are_added_changed_and_removed(visit):
    page = visit.open("?panel=histograms").page
    tiles = page.locator(".histogram")
    before = tiles.count()
    page.get_by_role("button", name="Add histogram").click()
    assert tiles.count() == before + 1
    page.get_by_role("combobox", name="Quantity of histogram 1").select_option("crystal_system")
    page.locator(".histogram text.name", has_text="cubic").wait_for()
    page.get_by_role("button", name="Remove the histogram of Crystal system").click()
    assert tiles.count() == before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axes_of_counts_and_counting_structures_once(visit, theme):
    page = visit.open(f"?panel=histograms&theme={theme}").page
    region = page.get_by_role("region", name="Histogram of Band gap")
    region.locator("path.bars.selected").wait_for()
    linear = region.locator("path.bars.all").get_attribute("d")
    page.get_by_role("combobox", name="Axis of counts").select_option("log")
    assert region.locator("path.bars.all").get_attribute("d") != linear
    page.get_by_role("combobox", name="Axis of counts").select_option("share")
    assert "Share of atoms" in region.locator("svg").text_content()
    page.get_by_role("checkbox", name="Count each structure once").check()
    with_value = sum("band_gap" in s.properties for s in PAIRS)
    assert f"{with_value} of {len(PAIRS)} crystals have a value" in region.inner_text()
    ground = page.evaluate("getComputedStyle(document.getElementById('drawer')).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (theme == "light")
