"""Every control of the page, in light and in dark: it has a name, can be read, shows the focus, and can be used.

What each control does is the matter of the other files, which `make test-all` runs in dark too; here none is forgotten,
since they are found on the page.
"""

from pathlib import Path

import pytest

from tests.browser.conftest import visiting

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.ci]

THEMES = ["light", "dark"]
CHOSEN = "?atom=BaCeO3-0:2"


def press(key):
    return lambda page: page.keyboard.press(key)


def click(selector):
    return lambda page: page.click(selector)


def find(page):
    page.fill("#find-text", "band_gap > 2")
    page.wait_for_selector("[role=option]:visible")


STATES = {
    "page": ("", None),
    "atom": (CHOSEN, None),
    "selection": ("?find=halogens&hide=alkali&lasso=7net-0:-9,-9;9,-9;9,9;-9,9&models=7net-0", None),
    "numbers": ("?colour=electronegativity", None),
    "private": ("?space=raw&models=7net-0,chgnet-r2scan", None),
    "atoms": ("?panel=atoms", None),
    "structures": ("?panel=structures", None),
    "histograms": ("?panel=histograms", None),
    "keys": ("", press("?")),
    "views": ("", press("v")),
    "upload": ("", press("u")),
    "export": ("", click("#open-export")),
    "elements": ("", click("#enlarge-elements")),
    "find": ("", find),
    "presentation": ("", press("p")),
    "drift": ("?page=drift&elements=O&step=1", None),
}


@pytest.fixture(params=THEMES)
def state(request, browser, address):
    """Opens the page in one of its states, in one theme."""
    with visiting(browser, address) as visit:
        visit.page.add_init_script("try { localStorage.setItem('platonic-atlas:hints', 'done') } catch {}")

        def open_in(name):
            query, act = STATES[name]
            visit.open(f"{query}{'&' if query else '?'}theme={request.param}")
            if "atom=" in query:
                visit.page.locator("#neighbours button").first.wait_for()
            if name in ("atoms", "structures"):
                cell = "#table .ag-row[row-index='0'] .ag-cell[col-id='id']"
                visit.page.wait_for_function("cell => document.querySelector(cell)?.textContent", arg=cell)
            if name == "histograms":
                visit.page.locator("#histograms path.bars.selected").first.wait_for()
            if name == "drift":
                visit.page.locator(".drift-trail").first.wait_for(state="attached")
            if act:
                act(visit.page)
            visit.page.add_script_tag(path=Path(__file__).with_name("controls.js"))
            visit.page.add_style_tag(content="* { transition: none !important; animation: none !important }")
            return visit

        yield open_in


@pytest.mark.parametrize("name", list(STATES))
def test_every_control_has_a_name_can_be_read_and_shows_the_focus(state, name):
    page = state(name).page
    assert page.evaluate("controls.unnamed()") == []
    assert page.evaluate("controls.dim()") == {}
    page.keyboard.press("Shift")  # the browser shows the focus of those who use keys
    assert page.evaluate("controls.unmarked()") == []


def test_every_control_can_be_pressed_and_the_page_holds(state):
    """One after the other; a page that fails says so in the console."""
    visit = state("atom")
    page = visit.page
    used = []
    while (name := page.evaluate("used => controls.press(used)", used)) is not None:
        used.append(name)
        assert len(used) < 400, "new controls come without end"
        page.wait_for_timeout(30)
    assert len(used) > 50
    page.keyboard.press("Escape")
    visit.settled()
    visit.set(models=["7net-0"], find="", elements=[], lasso=None)
    assert visit.shown() == ["7net-0"]


def test_every_control_of_the_drift_page_can_be_pressed_and_the_page_holds(state):
    visit = state("drift")
    page = visit.page
    used = []
    while (name := page.evaluate("used => controls.press(used, '#page-drift')", used)) is not None:
        used.append(name)
        assert len(used) < 400, "new controls come without end"
        page.wait_for_timeout(30)
        page.evaluate("atlas.view.set({ page: 'drift' })")
    assert len(used) > 30
    visit.set(series="", step=0, elements=[], find="", atom=None)
    page.locator(".drift-now", has_text="base (0 of 3)").wait_for()
