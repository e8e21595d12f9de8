"""The right column as a person drives it."""

import pytest

from tests.browser.conftest import first_atom
from tests.dashboard.synthetic import HOSTILE_ID, MODELS

pytestmark = pytest.mark.browser
CERIUM = "?atom=BaCeO3-0:2"


def until_crystal(page, says):
    page.wait_for_function(
        "says => document.getElementById('crystal')?.getAttribute('aria-label')?.includes(says)", arg=says
    )


def places(page):
    return page.evaluate("atlas.crystal.places()")


def on_page(page, place):
    box = page.locator("#crystal").bounding_box()
    return box["x"] + place["x"], box["y"] + place["y"]


def inked(page):
    """How many pixels of the drawing have paint."""
    return page.evaluate(
        """() => {
            const c = document.getElementById('crystal');
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let n = 0;
            for (let i = 3; i < d.length; i += 4) if (d[i]) n++;
            return n;
        }"""
    )


def test_without_an_atom_the_column_says_what_to_do(visit):
    page = visit.open().page
    assert page.get_by_text("Click an atom in any map").is_visible()
    assert page.locator("#crystal").is_hidden()
    assert page.locator("#neighbour-section").is_hidden()


def test_clicking_an_atom_of_a_map_draws_its_crystal(visit):
    page = visit.open("?models=7net-0").page
    page.mouse.click(*visit.place_of(first_atom("BaCeO3-0") + 1))
    page.get_by_role("table", name="Facts about the chosen atom").wait_for()
    page.wait_for_function("performance.getEntriesByName('atlas:crystal').length > 0")
    assert inked(page) > 5000
    assert len(places(page)) >= 5
    assert page.get_by_text("Click an atom in any map").is_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_facts_of_an_atom_in_a_pasted_address(visit, theme):
    page = visit.open(f"{CERIUM}&theme={theme}").page
    until_crystal(page, "first shell: 6 × O at 2.22 Å")
    facts = page.get_by_role("table", name="Facts about the chosen atom").inner_text()
    assert "Ce 1, lanthanide" in facts
    assert "Wyckoff 1b" in facts
    assert page.locator("#chosen-title sub").inner_text() == "3"
    assert page.locator("#chosen-facts .over").count() == 2
    about = page.get_by_role("table", name="Properties of the crystal").inner_text()
    assert "2.5 eV" in about


def test_crystal_is_turned_by_dragging_and_by_keys_and_turned_back(visit):
    page = visit.open(CERIUM).page
    until_crystal(page, "Ce 1")
    before = places(page)
    box = page.locator("#crystal").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 120, steps=4)
    page.mouse.up()
    page.wait_for_function("x => atlas.crystal.places()[0].x !== x", arg=before[0]["x"])
    assert visit.view("atom") == first_atom("BaCeO3-0") + 1
    page.locator("#crystal").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("+")
    page.keyboard.press("Home")
    page.wait_for_function("x => Math.abs(atlas.crystal.places()[0].x - x) < 1e-6", arg=before[0]["x"])
    assert places(page) == before


def test_pointer_reads_lengths_and_a_click_chooses_the_atom(visit):
    page = visit.open(CERIUM).page
    until_crystal(page, "Ce 1")
    oxygen = next(p for p in reversed(places(page)) if p["atom"] > first_atom("BaCeO3-0") + 1)
    page.mouse.move(*on_page(page, oxygen))
    tip = page.locator("#crystal-tip")
    tip.wait_for(state="visible")
    assert "2.220 Å from Ce 1" in tip.inner_text()
    assert page.evaluate("atlas.hover.get()") == oxygen["atom"]
    page.mouse.click(*on_page(page, oxygen))
    until_crystal(page, "with O")
    visit.until_view("atom", oxygen["atom"])


def test_inequivalent_atoms_are_buttons(visit):
    page = visit.open(CERIUM).page
    page.get_by_role("button", name="Ba 1").click()
    until_crystal(page, "Ba 1")
    visit.until_query("atom=BaCeO3-0:1")


def test_neighbours_point_in_every_map_and_lead_on(visit):
    page = visit.open(CERIUM).page
    button = page.locator("#neighbours .neighbour").first
    button.wait_for()
    target = int(button.get_attribute("data-atom"))
    button.hover()
    page.wait_for_function("atom => atlas.hover.get() === atom", arg=target)
    page.mouse.move(600, 300)
    page.wait_for_function("atom => atlas.hover.get() !== atom", arg=target)
    page.evaluate("document.getElementById('right').scrollTop = 400")
    button.click()
    visit.until_view("atom", target)
    assert page.evaluate("document.getElementById('right').scrollTop") == 0


def test_jump_by_the_keyboard_takes_the_focus_along(visit):
    page = visit.open(CERIUM).page
    button = page.locator("#neighbours .neighbour").first
    button.wait_for()
    button.focus()
    assert page.evaluate("atlas.hover.get()") == int(button.get_attribute("data-atom"))
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'chosen-title'")


def test_ranks_follow_the_models_shown_and_change_to_cosines(visit):
    page = visit.open(CERIUM).page
    page.locator("#neighbours .ranks").wait_for()
    heads = page.locator(".ranks thead th span").all_inner_texts()
    assert heads == list(MODELS)
    page.get_by_role("button", name="Show cosines").click()
    assert page.locator(".ranks td i").first.is_visible()
    page.get_by_role("button", name="Show ranks").click()
    assert page.locator(".ranks td i").first.is_hidden()
    visit.set(models=["7net-0", "element-only"])
    page.wait_for_function("document.querySelectorAll('.ranks thead th span').length === 2")
    assert "0.9900" in page.locator(".ranks").inner_text()


def test_overlap_names_its_pairs(visit):
    page = visit.open(CERIUM).page
    page.locator("#neighbours .overlap").wait_for()
    assert "mean over 3 pairs of 3 models, controls left out" in page.locator("#neighbours .overlap").inner_text()


def test_kind_of_lists_is_part_of_the_view(visit):
    page = visit.open(f"{CERIUM}&near=all").page
    page.wait_for_function("document.querySelector('#near input[value=all]').checked")
    page.get_by_text("Same element", exact=True).click()
    visit.until_query("near=within_element")
    page.get_by_text("One per site", exact=True).click()
    visit.until_view("near", "representatives")
    visit.set(near="all")
    page.wait_for_function("document.querySelector('#near input[value=all]').checked")


def test_groups_of_one_model_can_be_folded_and_stay_so(visit):
    page = visit.open(CERIUM).page
    fold = page.locator("button.fold").first
    fold.wait_for()
    assert fold.get_attribute("aria-expanded") == "true"
    fold.click()
    assert fold.get_attribute("aria-expanded") == "false"
    page.get_by_role("button", name="Ba 1").click()
    until_crystal(page, "Ba 1")
    page.wait_for_function("document.querySelector('button.fold')?.getAttribute('aria-expanded') === 'false'")


def test_theme_repaints_the_crystal(visit):
    page = visit.open(f"{CERIUM}&theme=light").page
    until_crystal(page, "Ce 1")
    picture = "document.getElementById('crystal').toDataURL()"
    before = page.evaluate(picture)
    visit.set(theme="dark")
    page.wait_for_function(f"before => {picture} !== before", arg=before)


def test_hostile_id_is_text(visit):
    escaped = HOSTILE_ID.replace("%", "%25").replace("<", "%3C").replace(">", "%3E")
    page = visit.open(f"?atom={escaped}:1").page
    page.locator("#chosen-title").get_by_text(HOSTILE_ID).wait_for()
    assert page.locator("#right script, #right b b").count() == 0


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_nothing_of_the_column_sticks_out(visit, width, height):
    page = visit.page
    page.set_viewport_size({"width": width, "height": height})
    visit.open(CERIUM)
    page.locator("#neighbours .ranks").wait_for()
    assert page.evaluate("(e => e.scrollWidth - e.clientWidth)(document.getElementById('right'))") <= 0
    unnamed = page.evaluate(
        """[...document.querySelectorAll('#right button, #right input, #right canvas')].filter(e => e.offsetParent
            && !(e.getAttribute('aria-label') || e.innerText?.trim() || e.labels?.length)).length"""
    )
    assert unnamed == 0


def test_an_atom_is_dropped_by_escape_and_by_its_cross(visit):
    page = visit.open(CERIUM).page
    page.get_by_text("6 × O at 2.22 Å").first.wait_for()
    page.locator("body").press("Escape")
    visit.until_view("atom", None)
    page.locator("#chosen-empty").wait_for()
    page.go_back()
    visit.until_view("atom", first_atom("BaCeO3-0") + 1)
    page.get_by_role("button", name="Choose no atom").click()
    visit.until_view("atom", None)
    visit.until_query("")
    assert "atom=" not in visit.query()
    assert page.evaluate("document.activeElement.id") == "maps"


def test_another_crystal_is_shown_from_the_top(visit):
    page = visit.open(CERIUM).page
    page.locator("#neighbours .neighbour").first.wait_for()
    page.evaluate("document.getElementById('right').scrollTop = 300")
    page.mouse.click(*visit.place_of(first_atom("water-4")))
    visit.until_query("atom=water-4")
    page.wait_for_function("document.getElementById('right').scrollTop === 0")


def test_keys_go_to_the_parts_of_the_page(visit):
    page = visit.open(CERIUM).page
    page.locator("#neighbours .neighbour").first.wait_for()
    for key, place in (("m", "#maps"), ("o", "#models"), ("g", "#legend"), ("n", "#neighbours")):
        page.keyboard.press(key)
        assert page.evaluate("place => Boolean(document.activeElement.closest(place))", place), key
