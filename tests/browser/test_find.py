"""The find box in a browser: suggestions by keyboard and mouse, the filter and its chip, errors, shared addresses."""

import pytest

from tests.browser.conftest import first_atom

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.ci]


def box(visit):
    return visit.page.locator("#find-text")


def options(visit):
    """The labels of the suggestions, once there are some."""
    visit.page.wait_for_selector("#find-list:not([hidden]) li")
    return visit.page.locator("#find-list li").all_inner_texts()


def write(visit, text):
    """Type a text, and wait for what is suggested for the whole of it."""
    with visit.page.expect_response(lambda r: "/suggest?" in r.url):
        box(visit).fill(text)
    return options(visit)


def test_a_crystal_is_chosen_by_the_keyboard_alone(visit):
    visit.open()
    visit.page.locator("body").press("/")
    assert visit.page.evaluate("document.activeElement.id") == "find-text"
    assert write(visit, "CeBaO3")[0].startswith("BaCeO3 · a perovskite · BaCeO3-0")
    assert box(visit).get_attribute("aria-expanded") == "true"
    box(visit).press("ArrowDown")
    active = box(visit).get_attribute("aria-activedescendant")
    assert visit.page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    box(visit).press("Enter")
    visit.until_view("atom", first_atom("BaCeO3-0"))
    visit.until_query("atom=BaCeO3-0:1")
    assert box(visit).input_value() == ""
    assert box(visit).get_attribute("aria-expanded") == "false"
    visit.page.go_back()
    visit.until_view("atom", None)


def test_a_text_filters_and_the_chip_says_how_much_and_clears(visit):
    visit.open()
    box(visit).fill("BaCeO3 and element = O")
    box(visit).press("Enter")
    visit.until_view("find", "BaCeO3 and element = O")
    visit.page.wait_for_function("document.getElementById('find-count').textContent === '12 atoms in 4 crystals'")
    first = [first_atom(f"BaCeO3-{i}") for i in range(4)]
    assert visit.selected() == sorted(a + i for a in first for i in (2, 3, 4))
    visit.until_query("find=BaCeO3 and element = O")
    visit.page.click(".find-clear")
    visit.until_view("find", "")
    assert visit.selected() is None
    assert box(visit).input_value() == ""
    assert not visit.page.locator(".find-chip").is_visible()


def test_an_error_marks_the_wrong_part_and_goes_with_the_next_letter(visit):
    visit.open()
    box(visit).fill("Ce and bandgap > 2")
    box(visit).press("Enter")
    visit.page.wait_for_selector("#find-error:not([hidden])")
    assert visit.page.locator("#find-error mark").inner_text() == "bandgap"
    assert "did you mean band_gap?" in visit.page.locator("#find-error").inner_text()
    assert box(visit).get_attribute("aria-invalid") == "true"
    assert visit.view("find") == ""
    box(visit).press("End")
    box(visit).type("5")
    assert not visit.page.locator("#find-error").is_visible()


def test_beside_an_error_no_count_of_the_former_text_is_shown(visit):
    visit.open("?find=halogens")
    visit.page.wait_for_selector(".find-chip:not([hidden])")
    box(visit).fill("Ce and bandgap > 2")
    box(visit).press("Enter")
    visit.page.wait_for_selector("#find-error:not([hidden])")
    assert not visit.page.locator(".find-chip").is_visible()
    box(visit).press("Escape")
    box(visit).press("Escape")
    assert box(visit).input_value() == "halogens"
    assert visit.page.locator(".find-chip").is_visible()


def test_a_closed_list_leaves_no_number_of_suggestions(visit):
    visit.open()
    write(visit, "category = hal")
    assert "suggestion" in visit.page.locator(".find-told").inner_text()
    box(visit).press("Escape")
    assert visit.page.locator(".find-told").inner_text() == ""


def test_a_class_is_suggested_first_and_filters_at_once(visit):
    visit.open()
    assert write(visit, "halogen")[0] == "halogens · 48 atoms\nclass"
    box(visit).press("ArrowDown")
    box(visit).press("Enter")
    visit.until_view("find", "halogens")


def test_an_atom_of_an_element_in_a_crystal_is_chosen(visit):
    visit.open()
    assert write(visit, "O in BaC")[0].startswith("O in BaCeO3 · a perovskite · BaCeO3-0")
    box(visit).press("ArrowDown")
    box(visit).press("Enter")
    visit.until_view("atom", first_atom("BaCeO3-0") + 2)


def test_conditions_are_completed_and_escape_closes_then_restores(visit):
    visit.open()
    assert write(visit, "cate") == ["Element group\nproperty"]
    box(visit).press("ArrowDown")
    with visit.page.expect_response(lambda r: "/suggest?" in r.url):
        box(visit).press("Enter")
    assert box(visit).input_value() == "category "
    assert "halogen\nvalue" in write(visit, "category = hal")
    box(visit).press("Escape")
    assert not visit.page.locator("#find-list").is_visible()
    assert box(visit).input_value() == "category = hal"
    box(visit).press("Escape")
    assert box(visit).input_value() == ""


def test_an_empty_box_shows_examples_that_work_with_the_mouse(visit):
    visit.open()
    box(visit).click()
    shown = options(visit)
    assert shown[0].startswith("BaCeO3\n")
    visit.page.locator("#find-list li").first.click()
    visit.until_view("find", "BaCeO3")
    assert visit.page.evaluate("document.activeElement.id") == "maps"


def test_an_atom_chosen_on_the_map_leaves_nothing_stale_in_the_box(visit):
    visit.open()
    box(visit).fill("BaCe")
    box(visit).blur()
    visit.set(atom=first_atom("NaCl-1"))
    assert box(visit).input_value() == ""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_shared_address_brings_the_filter_back(visit, theme):
    visit.open(f"?theme={theme}&find=halogens")
    assert box(visit).input_value() == "halogens"
    visit.page.wait_for_function("document.getElementById('find-count').textContent === '48 atoms in 12 crystals'")
    assert len(visit.selected()) == 48


def test_texts_of_an_atlas_are_never_markup(visit):
    visit.open()
    shown = write(visit, "LiF")
    assert any("<script>alert(1)</script>" in label for label in shown)
    assert visit.page.locator("#find-list script, #find-list b").count() == 0


def test_after_enter_keys_act_on_the_page_again(visit):
    visit.open()
    write(visit, "halogens")
    box(visit).press("Enter")
    visit.until_view("find", "halogens")
    assert visit.page.evaluate("document.activeElement.id") == "maps"
    visit.page.keyboard.press("d")
    visit.until_view("draw", "density")
    visit.page.keyboard.press("/")
    assert visit.page.evaluate("[document.activeElement.selectionStart, document.activeElement.selectionEnd]") == [0, 8]
    visit.page.keyboard.press("Escape")
    visit.page.keyboard.press("Escape")
    assert visit.page.evaluate("document.activeElement.id") == "maps"
    assert visit.view("find") == "halogens"


def test_a_condition_is_suggested_with_what_it_finds(visit):
    visit.open()
    assert write(visit, "electronegativity > 3")[0].startswith("electronegativity > 3 · ")
    box(visit).press("ArrowDown")
    box(visit).press("Enter")
    visit.until_view("find", "electronegativity > 3")
