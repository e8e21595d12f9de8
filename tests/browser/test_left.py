"""The left column in a real browser."""

import pytest

from tests.browser.conftest import visiting
from tests.dashboard.synthetic import MODELS, structures

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.ci]

NUMBERS = [int(z) for s, _ in structures(4) for z in s.numbers]
HALOGENS = {9, 17, 35}
OXYGENS_WITH_BAND_GAP = 4 * 4 + 3 * 3 * 4
MEAN_OF_OXYGEN = (16 * 6.5 + 36 * 2.5) / OXYGENS_WITH_BAND_GAP
CONTRAST = """() => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
  };
  const least = {};
  for (const node of document.querySelectorAll(".left :is(button, span, p, h2, input, select, label)")) {
    if (!node.checkVisibility({ checkOpacity: true }) || !node.textContent.trim()) continue;
    if (node.closest(":disabled, .element")) continue;
    const [a, b] = [luminance(channels(getComputedStyle(node).color)), luminance(ground(node))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) least[(node.className || node.id || node.tagName) + " " + node.textContent] = contrast;
  }
  return least;
}"""


def atoms_of(numbers):
    return [i for i, z in enumerate(NUMBERS) if z in numbers]


def choose(page, component, label):
    """Choose an entry of a select by typing its name."""
    page.click(f"#{component}")
    page.keyboard.type(label)
    page.locator("[role=option]:visible", has_text=label).first.click()


def element(page, symbol, within="#periodic-table"):
    return page.locator(f"{within} [data-element='{symbol}']")


def test_switches_choose_models(visit):
    page = visit.open("?models=7net-0").page
    page.click("[data-model='chgnet-r2scan']")
    visit.until_view("models", ["7net-0", "chgnet-r2scan"])
    page.click("[data-model='7net-0']")
    visit.until_view("models", ["chgnet-r2scan"])
    assert page.get_attribute("[data-model='7net-0']", "aria-checked") == "false"
    page.click("[data-show='all']")
    visit.until_view("models", list(MODELS))
    page.click("[data-show='trained']")
    visit.until_view("models", ["7net-0", "chgnet-r2scan"])
    page.click("[data-show='none']")
    visit.until_view("models", [])
    page.hover("[data-model='mine<b>']")
    page.click("[data-only-model='mine<b>']")
    visit.until_view("models", ["mine<b>"])


def test_models_are_one_stop_of_the_tab_key(visit):
    page = visit.open("?models=7net-0").page
    page.focus("[data-model='7net-0']")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    visit.until_view("models", ["7net-0", "chgnet-r2scan"])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    visit.until_view("models", ["chgnet-r2scan"])
    page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('#models')")


def test_space_hides_what_does_nothing_there(visit):
    page = visit.open().page
    page.click("label:has-text('Private latent spaces')")
    visit.until_view("space", "raw")
    assert set(visit.maps()) == {"raw-pca-2d"}
    assert not page.is_visible("#k-line")
    assert not page.is_visible("#method-line")
    assert "cannot be compared" in page.inner_text("#space-hint")
    choose(page, "align", "7net-0")
    visit.until_view("align", "7net-0")
    assert "7net-0" in page.inner_text("#space-hint")
    page.click("label:has-text('Shared')")
    visit.until_view("space", "shared")
    page.click("label:has-text('UMAP')")
    visit.until_view("method", "umap")
    assert set(visit.maps()) == {"umap-2d"}
    page.wait_for_selector("#k [data-disabled], #k[data-disabled], #k-line [data-disabled]")
    assert "all 20 anchors" in page.inner_text("#space-hint")


def test_numbers_of_the_slider_can_be_clicked(visit):
    page = visit.open().page
    page.click("#k-line .mantine-Slider-markLabel:text-is('10')")
    visit.until_view("k", 10)
    assert set(visit.maps()) == {"pca-2d-k10"}
    page.focus("#k-line [role=slider]")
    page.keyboard.press("ArrowLeft")
    visit.until_view("k", 5)


def test_controls_follow_a_view_that_is_set_elsewhere(visit):
    page = visit.open().page
    visit.set(space="shared", method="umap", k=10, colour="electronegativity", palette="cividis", reverse=True, size=2)
    page.wait_for_function("document.getElementById('colour').value.startsWith('Electronegativity')")
    assert page.input_value("#palette") == "cividis"
    assert page.is_checked("#reverse")
    assert page.get_attribute("#k-line [role=slider]", "aria-valuenow") == "1"


def test_halogens_only_is_one_click(visit):
    page = visit.open().page
    page.hover("[data-entry='halogen']")
    page.click("[data-entry='halogen'] .only")
    page.wait_for_function("atlas.view.get().hide.length === 9")
    visit.settled()
    assert visit.selected() == atoms_of(HALOGENS)
    assert element(page, "Na").get_attribute("class").split()[1:] == ["faded"]
    page.click("#legend-all")
    visit.until_view("hide", [])
    page.click("[data-entry='alkali'] .entry-toggle")
    visit.until_view("hide", ["alkali"])
    assert page.get_attribute("[data-entry='alkali'] .entry-toggle", "aria-pressed") == "false"


def test_an_entry_can_have_its_own_colour(visit):
    page = visit.open().page
    page.fill("[data-entry='halogen'] input", "#00ff00")
    visit.until_view("colours", {"halogen": "#00ff00"})
    cell = "e => getComputedStyle(e).backgroundColor"
    page.wait_for_function(
        "getComputedStyle(document.querySelector('[data-element=Cl]')).backgroundColor === 'rgb(0, 255, 0)'"
    )
    page.click("#legend-colours")
    visit.until_view("colours", {})
    page.wait_for_function(
        "getComputedStyle(document.querySelector('[data-element=Cl]')).backgroundColor !== 'rgb(0, 255, 0)'"
    )
    assert element(page, "Br").evaluate(cell) == element(page, "F").evaluate(cell)


def test_the_quantity_is_chosen_from_the_keyboard_and_keys_act_again(visit):
    page = visit.open().page
    page.keyboard.press("q")
    assert page.locator("#colour").input_value() == "Element group"
    page.keyboard.type("electroneg")
    page.locator("[role=option][data-combobox-selected]:visible", has_text="Electronegativity").wait_for()
    page.keyboard.press("Enter")
    visit.until_view("colour", "electronegativity")
    page.wait_for_function("document.activeElement.id === 'maps'")
    page.keyboard.press("q")
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.id === 'maps'")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find-text"
    assert visit.view("colour") == "electronegativity"


def test_another_quantity_begins_with_its_own_scale_and_legend(visit):
    page = visit.open("?hide=halogen&colours=alkali:000000").page
    choose(page, "colour", "Electronegativity")
    visit.until_view("colour", "electronegativity")
    assert [visit.view(f) for f in ("hide", "colours", "limits")] == [[], {}, None]
    assert page.is_visible("#scale")
    assert not page.is_visible("#legend")


def test_limits_by_input_drag_and_arrow(visit):
    page = visit.open("?colour=electronegativity").page
    page.fill("[aria-label='Upper limit of the colours'].limit", "3")
    page.keyboard.press("Enter")
    page.wait_for_function("atlas.view.get().limits?.[1] === 3")
    track = page.locator(".scale-track").bounding_box()
    handle = page.locator(".handle").first.bounding_box()
    y = handle["y"] + handle["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] / 4, y, steps=3)
    page.mouse.up()
    lo, hi = page.evaluate("[atlas.legend.get().lo, atlas.legend.get().hi]")
    page.wait_for_function("at => Math.abs(atlas.view.get().limits[0] - at) < 0.05", arg=lo + (hi - lo) / 4)
    before = visit.view("limits")[0]
    page.locator(".handle").first.press("ArrowRight")
    page.wait_for_function("before => atlas.view.get().limits[0] > before", arg=before)
    page.click("#scale-reset")
    visit.until_view("limits", None)


def test_limits_that_cross_are_refused(visit):
    page = visit.open("?colour=electronegativity&range=1..3").page
    page.fill("[aria-label='Lower limit of the colours'].limit", "5")
    page.keyboard.press("Enter")
    assert page.input_value("[aria-label='Lower limit of the colours'].limit") == "1"
    assert visit.view("limits") == [1, 3]


def test_scale_can_be_logarithmic_reversed_and_of_other_colours(visit):
    page = visit.open("?colour=electronegativity").page
    ramp = page.evaluate("document.querySelector('.ramp').style.background")
    page.get_by_role("checkbox", name="reverse").click()
    visit.until_view("reverse", True)
    page.get_by_role("checkbox", name="log", exact=True).click()
    visit.until_view("log", True)
    choose(page, "palette", "cividis")
    visit.until_view("palette", "cividis")
    assert page.evaluate("document.querySelector('.ramp').style.background") != ramp


def test_a_number_can_be_logarithmic_after_a_category(visit):
    page = visit.open().page
    choose(page, "colour", "Electronegativity")
    visit.until_view("colour", "electronegativity")
    visit.settled()
    page.get_by_role("checkbox", name="log", exact=True).click()
    visit.until_view("log", True)


def test_points_can_be_larger_or_a_density(visit):
    page = visit.open().page
    page.click("label:has-text('Density')")
    visit.until_view("draw", "density")
    page.click(".mantine-Slider-markLabel:text-is('2×')")
    visit.until_view("size", 2)


def test_elements_are_picked_by_click_range_group_period_and_block(visit):
    page = visit.open().page
    element(page, "Cl").click()
    visit.until_view("elements", ["Cl"])
    assert visit.selected() == atoms_of({17})
    assert element(page, "Cl").get_attribute("aria-pressed") == "true"
    element(page, "F").click(modifiers=["Shift"])
    visit.until_view("elements", ["F", "Cl"])
    element(page, "Cl").click()
    visit.until_view("elements", ["F"])
    page.click("#clear-elements")
    visit.until_view("elements", [])
    page.click("#periodic-table [data-along=group][data-value='1']")
    visit.until_view("elements", ["H", "Li", "Na", "K"])
    page.click("#periodic-table [data-along=group][data-value='1']")
    visit.until_view("elements", [])
    page.click("#periodic-table [data-along=period][data-value='6']")
    visit.until_view("elements", ["Ba", "Ce"])
    page.click("#periodic-table [data-along=block][data-value='f']")
    visit.until_view("elements", ["Ba", "Ce", "Th"])


def test_elements_are_reached_by_arrows(visit):
    page = visit.open().page
    element(page, "Li").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    visit.until_view("elements", ["Na"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Enter")
    visit.until_view("elements", ["Na", "K"])
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.element") == "Ca"
    page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('#periodic-table')")


def test_sets_of_elements_have_a_menu(visit):
    page = visit.open().page
    page.click("[aria-controls='element-sets']")
    page.click("#element-sets [data-set='halogens']")
    visit.until_view("elements", ["F", "Cl", "Br"])
    assert not page.is_visible("#element-sets")
    page.focus("[aria-controls='element-sets']")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    visit.until_view("elements", ["Mg", "Ca", "Sr", "Ba"])
    page.click("[aria-controls='element-sets']")
    assert page.is_disabled("#element-sets [data-set='noble']")
    page.keyboard.press("Escape")
    assert not page.is_visible("#element-sets")


def test_elements_that_every_model_knows(visit):
    page = visit.open("?models=7net-0,chgnet-r2scan&elements=Ce").page
    page.click("[aria-controls='element-sets']")
    page.click("#element-sets [data-set='known']")
    visit.until_view("elements", [])


def test_heat_map_of_means_over_the_selection(visit):
    page = visit.open().page
    page.select_option("#elements-controls select", "structure.band_gap")
    page.wait_for_function("document.querySelector('[data-element=O]').title.includes('mean')")
    assert element(page, "O").get_attribute("title") == (
        f"Oxygen: mean Band gap {MEAN_OF_OXYGEN:.2f} eV, over {OXYGENS_WITH_BAND_GAP} atoms"
    )
    assert element(page, "H").get_attribute("title") == "Hydrogen: no selected atom with a value"
    # water has no band gap
    assert f"over {len(NUMBERS) - 3} of all {len(NUMBERS)} atoms" in page.inner_text("#elements-hint")
    visit.set(find="formula = BaCeO3")
    page.wait_for_function("document.querySelector('[data-element=O]').title.includes('2.5 eV, over 12 atoms')")
    assert "the 20 selected atoms" in page.inner_text("#elements-hint")


def test_heat_map_of_counts(visit):
    page = visit.open().page
    page.select_option("#elements-controls select", "count")
    page.wait_for_function("document.querySelector('[data-element=Cl]').title === 'Chlorine: 16 atoms'")
    visit.set(elements=["Cl"])
    page.wait_for_function("document.querySelector('[data-element=Na]').title.includes('no selected atom')")


def test_the_enlarged_table_is_the_same_table(visit):
    page = visit.open().page
    page.click("#enlarge-elements")
    dialog = page.locator("dialog.elements-dialog")
    element(page, "O", "dialog").click()
    visit.until_view("elements", ["O"])
    assert element(page, "O").get_attribute("aria-pressed") == "true"
    dialog.get_by_role("button", name="halogens").click()
    visit.until_view("elements", ["F", "Cl", "Br"])
    box = dialog.bounding_box()
    assert box["height"] <= 720
    assert dialog.evaluate("d => d.scrollHeight <= d.clientHeight")
    assert element(page, "Ce", "dialog").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 16
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert page.evaluate("document.activeElement.id") == "enlarge-elements"


def test_all_is_reached_at_projector_size(visit):
    page = visit.open("?models=7net-0").page
    bottom = page.locator("#legend").bounding_box()
    assert bottom["y"] + bottom["height"] <= 720
    left = page.locator(".left")
    assert left.evaluate("l => l.scrollWidth <= l.clientWidth")
    left.evaluate("l => l.scrollTo(0, l.scrollHeight)")
    assert page.locator("#size").is_visible()
    symbols = page.evaluate(
        "[...document.querySelectorAll('#periodic-table .element')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(symbols) >= 8


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("colour", ["category", "electronegativity"])
def test_text_is_readable(browser, address, theme, colour):
    with visiting(browser, address) as visit:
        page = visit.open(f"?theme={theme}&colour={colour}&elements=Ce").page
        page.wait_for_function("t => document.documentElement.dataset.mantineColorScheme === t", arg=theme)
        assert page.evaluate(CONTRAST) == {}
