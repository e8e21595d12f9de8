import json

import pytest

from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.ci]
SOME = "?models=7net-0,chgnet-r2scan&elements=Li,O"


def open_menu(visit):
    visit.page.click("#open-export")
    visit.page.wait_for_function("document.querySelector('[data-export-says=csv]')?.textContent")


def says(visit, name):
    return visit.page.inner_text(f"[data-export-says={name}]")


def save(visit, press):
    with visit.page.expect_download() as waiting:
        visit.page.click(press)
    return waiting.value


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_menu_says_what_each_file_will_hold(visit, theme):
    visit.open(f"{SOME}&theme={theme}")
    open_menu(visit)
    assert says(visit, "png") == "2 maps of 191 atoms"
    assert says(visit, "csv").endswith("crystals, 2 models")
    assert "marked" in says(visit, "extxyz")
    assert "references" in says(visit, "methods")


def test_the_menu_opens_and_saves_by_keyboard(visit):
    visit.open(SOME)
    visit.page.focus("#open-export")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_function("document.activeElement.dataset.export === 'png'")
    visit.page.focus("[data-export=csv]")
    with visit.page.expect_download() as waiting:
        visit.page.keyboard.press("Enter")
    assert waiting.value.suggested_filename == "synthetic-pca-2d.csv"


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("csv", b'"id","formula"'), ("parquet", b"PAR1"), ("extxyz", b"8\nLattice="), ("chemiscope", b'{"meta"'),
     ("html", b"<!DOCTYPE html>")],
)  # fmt: skip
def test_files_are_saved(visit, name, beginning):
    visit.open(SOME)
    open_menu(visit)
    saved = save(visit, f"[data-export={name}]")
    assert saved.path().read_bytes().startswith(beginning)
    visit.page.wait_for_function("document.body.innerText.includes('was saved as')")


@pytest.mark.parametrize(("name", "beginning"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_figures_are_saved_at_the_size_chosen(visit, name, beginning):
    visit.open(SOME)
    open_menu(visit)
    visit.page.click(f"[data-export={name}]")
    visit.page.select_option("dialog select[aria-label=Width]", "89")
    saved = save(visit, "#export-save")
    assert saved.path().read_bytes().startswith(beginning)
    assert any(f"export/{name}?" in url and "width=89" in url for url in visit.requests)


def test_an_empty_selection_is_told_in_a_sentence(visit):
    visit.open("?elements=Li&brush=period:7..7")
    open_menu(visit)
    assert says(visit, "csv").startswith("No atom is selected")
    visit.page.click("[data-export=csv]")
    visit.page.wait_for_selector("[role=alert] >> text=No atom is selected")


def test_the_methods_dialog_has_the_paragraph_and_what_it_cites(visit):
    visit.open(SOME)
    open_menu(visit)
    visit.page.click("[data-export=methods]")
    dialog = visit.page.wait_for_selector("dialog[open]")
    paragraph, latex, bibtex = (area.input_value() for area in dialog.query_selector_all("textarea"))
    assert "K = 20 anchor atoms" in paragraph
    assert "\\cite{li2026,moschella2023}" in latex
    assert "@article{li2026," in bibtex
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.page.click("dialog >> button[aria-label='Copy the BibTeX entries']")
    visit.page.wait_for_selector("dialog >> text=Copied")
    assert visit.page.evaluate("navigator.clipboard.readText()") == bibtex


@pytest.fixture
def saved_page(browser, address, tmp_path):
    """Open the page that is saved of a view, as a file."""
    contexts = []

    def open_saved(query):
        import urllib.request

        path = tmp_path / "saved.html"
        with urllib.request.urlopen(f"{address}data/synthetic/export/html{query}") as answer:
            path.write_bytes(answer.read())
        context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
        contexts.append(context)
        made = Visit(context.new_page(), path.as_uri())
        made.page.goto(path.as_uri())
        made.page.wait_for_selector("#axes .main-svg")
        made.settled()
        contexts.append(made)
        return made

    yield open_saved
    for made in contexts[1::2]:
        assert made.errors == []
        assert [u for u in made.requests if not u.startswith((made.address, "data:", "blob:"))] == []
    for context in contexts[::2]:
        context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_saved_page_shows_the_view_from_a_file(saved_page, theme):
    made = saved_page(f"{SOME}&theme={theme}&zoom=0,1,-1,2")
    assert made.shown() == ["7net-0", "chgnet-r2scan"]
    x0, x1, y0, y1 = made.ranges()
    # one scale on both axes, about the same centre
    assert (x0 + x1, y0 + y1) == pytest.approx((1, 1))
    assert x0 <= 0 < 1 <= x1
    assert y0 <= -1 < 2 <= y1
    assert made.page.evaluate("document.documentElement.dataset.mantineColorScheme") == theme
    assert "69 selected (Li, O)" in made.page.inner_text("#drawn")


def test_a_saved_page_selects_what_the_explorer_selects(visit, saved_page):
    query = "?models=7net-0&find=band_gap%20%3E%205&hide=halogen&lasso=7net-0:-5,-5;5,-5;5,5;-5,5"
    visit.open(query)
    made = saved_page(query)
    count = "atlas.selection.get().count"
    assert made.page.evaluate(count) == visit.page.evaluate(count)


def test_points_of_a_saved_page_are_where_the_explorer_has_them(visit, saved_page):
    visit.open("?models=7net-0")
    made = saved_page("?models=7net-0")
    read = "async () => JSON.stringify([...(await atlas.arrays.points('7net-0', 'pca-2d')).xy])"
    assert made.page.evaluate(read) == visit.page.evaluate(read)


def test_hovering_and_clicking_a_saved_page_tell_of_the_atom(saved_page):
    made = saved_page("?models=7net-0")
    place = made.place_of(3)
    made.page.mouse.move(*place)
    made.page.wait_for_selector("#tip:not([hidden])")
    tip = made.page.inner_text("#tip")
    made.page.mouse.click(*place)
    made.page.wait_for_selector("#facts table")
    facts = made.page.inner_text("#facts")
    formula = made.page.evaluate(
        "a => atlas.info.own.names.formula[atlas.arrays.now.column('structure')[a]]", made.view("atom")
    )
    assert formula in tip.replace("\n", "")
    assert formula in facts.replace("\n", "")
    assert "Site symmetry" in facts


def test_legend_models_and_zoom_of_a_saved_page_can_be_changed(saved_page):
    made = saved_page("?models=7net-0,chgnet-r2scan")
    made.page.click("#legend .entry[data-entry=halogen] .entry-toggle")
    made.until_view("hide", ["halogen"])
    assert made.page.evaluate("atlas.selection.get().count") < 191
    made.page.click("#shown-models input >> nth=1")
    made.until_shown("7net-0")
    before = made.ranges()
    made.page.click("[data-zoom='0.6']")
    made.page.wait_for_function(
        "before => JSON.stringify(atlas.maps.panels()[0].ranges) !== before",
        arg=json.dumps(before, separators=(",", ":")),
    )
    made.page.click("#turn-theme")
    made.settled()


def test_the_focus_comes_back_from_the_menu_and_its_dialogs(visit):
    page = visit.open(SOME).page
    for leave in ("Escape", "Tab"):
        page.keyboard.press("e")
        page.wait_for_function("document.activeElement.dataset.export === 'png'")
        page.keyboard.press(leave)
        page.wait_for_function("!document.querySelector('.export-menu').checkVisibility()")
        at = "open-export" if leave == "Escape" else "open-upload"
        page.wait_for_function("at => document.activeElement.id === at", arg=at)
        page.wait_for_timeout(100)
        assert page.evaluate("document.activeElement.id") == at
    page.keyboard.press("e")
    page.wait_for_function("document.activeElement.dataset.export === 'png'")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save PNG").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.id === 'open-export'")
