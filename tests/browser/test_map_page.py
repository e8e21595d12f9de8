"""The page as a person drives it."""

import pytest

from tests.dashboard.synthetic import HOSTILE_ID, MODELS, REFUSING, structures

pytestmark = pytest.mark.browser
PAIRS = [s for s, _ in structures(4)]


def first_atom(identifier):
    before = 0
    for s in PAIRS:
        if s.id == identifier:
            return before
        before += len(s)
    raise LookupError(identifier)


def test_opens_with_maps_and_legend(visit):
    page = visit.open().page
    assert visit.shown() == list(MODELS)
    assert page.get_by_role("heading", name="Platonic Atlas").is_visible()
    assert page.get_by_text("Click an atom in any map").is_visible()
    assert page.get_by_text("MACE panels are untrained controls").is_visible()
    n = sum(map(len, PAIRS))
    assert f"{5 * n - 3:,} of {5 * n:,} points drawn" in page.locator("#drawn").inner_text()
    assert visit.query() == ""


def test_toggling_a_model_takes_its_panel_away_and_brings_it_back(visit):
    page = visit.open().page
    page.get_by_role("switch", name="7net-0").click(force=True)
    visit.drawn(panels=4)
    assert "7net-0" not in visit.shown()
    visit.until_query("models=")
    page.get_by_role("switch", name="7net-0").click(force=True)
    visit.drawn(panels=5)
    fetched = [u for u in visit.requests if "/data/points/" in u]
    assert len(fetched) == len(set(fetched))


def test_no_model_is_a_state_of_its_own(visit):
    page = visit.open().page
    page.get_by_role("button", name="Show no model").click()
    page.get_by_text("Choose a model on the left.").wait_for()
    page.get_by_role("button", name="Show the trained models only").click()
    visit.drawn(panels=2)
    assert page.locator("#untrained-note").is_hidden()


def test_slider_changes_the_number_of_anchors(visit):
    page = visit.open().page
    before = visit.graph("Array.from(g.data[0].x.slice(0, 5))")
    page.get_by_role("slider", name="Number of anchors K").press("ArrowLeft")
    visit.until("g.data[0].meta.address.endsWith('pca-2d-k10')")
    assert page.locator("#k-value").inner_text() == "10"
    assert visit.graph("Array.from(g.data[0].x.slice(0, 5))") != before
    visit.until_query("k=10")


def test_private_and_shared_spaces(visit):
    page = visit.open().page
    assert visit.graph("g.layout.xaxis2.matches") == "x"
    page.get_by_text("Private latent spaces").click()
    visit.until("g.data[0].meta.address.endsWith('raw-pca-2d')")
    assert visit.graph("g.layout.xaxis2.matches") is None
    assert "cannot be compared" in page.locator("#quality").inner_text()
    page.get_by_text("Shared", exact=True).click()
    visit.until("g.data[0].meta.address.endsWith('/pca-2d')")
    page.get_by_text("UMAP", exact=True).click()
    visit.until("g.data[0].meta.address.endsWith('umap-2d')")
    assert "rustworthiness 0.93" in page.locator("#quality").inner_text()


def test_clicking_an_atom_shows_its_crystal_and_marks_it_everywhere(visit):
    page = visit.open("?models=7net-0,mine<b>").page
    atom = first_atom("BaCeO3-0") + 1
    page.mouse.move(*visit.place_of(atom))
    page.locator("#tip").wait_for(state="visible")
    page.mouse.click(*visit.place_of(atom))
    page.locator("#crystal .js-plotly-plot").wait_for()
    visit.until("g.layout.shapes.filter(s => s.type === 'circle').length === 4")
    facts = page.get_by_role("table", name="Facts about the chosen atom").inner_text()
    assert "Å" in facts
    assert page.locator("#crystal canvas").count() > 0


def test_tip_tells_the_atom_under_the_pointer(visit):
    page = visit.open("?models=7net-0").page
    page.mouse.move(*visit.place_of(0))
    page.locator("#tip").wait_for(state="visible")
    tip = page.locator("#tip").inner_text()
    assert "7net-0" in tip
    assert any(s in tip for s in ("m-3m, 4a", "m-3m, 4b", "m-3m, 1", "4/mm.m", "mm2"))


def test_address_brings_the_view_back(visit):
    query = "?models=7net-0,element-only&k=5&atom=BaCeO3-0:2&hide=alkali,halogen&elements=Ce&theme=dark"
    page = visit.open(query).page
    page.get_by_text("6 × O at 2.22 Å").first.wait_for()
    assert visit.shown() == ["7net-0", "element-only"]
    assert visit.maps() == ["pca-2d-k5", "pca-2d-k5"]
    visit.until_query("theme=dark")
    assert visit.query().replace("%2C", ",") == query
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == "dark"
    assert page.locator("[data-element='Ce']").get_attribute("aria-pressed") == "true"
    assert not page.get_by_role("checkbox", name="alkali", exact=False).first.is_checked()
    marks = visit.graph("g.layout.shapes.filter(s => s.type === 'circle').length")
    assert marks == 4


def test_damaged_address_opens_the_default_view_with_a_notice(visit):
    page = visit.open("?k=77&atom=nowhere:1&theme=pink&models=nope").page
    assert page.get_by_role("alert").locator("p").count() == 4
    assert visit.shown() == list(MODELS)


def test_themes_switch_and_come_back(visit):
    page = visit.open().page
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    button = page.get_by_role("button", name="Switch between light and dark")
    button.click()
    page.wait_for_function("document.documentElement.dataset.mantineColorScheme === 'dark'")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    visit.until_query("theme=dark")
    visit.until("g.layout.font.color === '#eceef2'")
    button.click()
    page.wait_for_function("document.documentElement.dataset.mantineColorScheme === 'light'")
    page.wait_for_function("window.location.search === ''")


def test_legend_mutes_a_group_and_draws_it_beneath(visit):
    page = visit.open("?models=7net-0").page
    page.get_by_role("checkbox", name="halogen").click(force=True)
    visit.until("g.data[0].meta.codes.includes(10)")
    codes = visit.graph("Array.from(g.data[0].meta.codes)")
    muted = codes.count(10)
    assert 0 < muted < len(codes)
    assert set(codes[:muted]) == {10}
    visit.until_query("hide=halogen")


def test_points_still_mean_the_same_atoms_when_a_group_is_muted(visit):
    page = visit.open("?models=7net-0&hide=nonmetal").page
    n = visit.graph("g.data[0].x.length")
    found = page.evaluate(
        """n => Array.from({length: n}, (_, i) =>
            window.dash_clientside.map.pick({points: [{pointNumber: i, curveNumber: 0}]}))""",
        n,
    )
    assert sorted(found) == list(range(n))


def test_element_of_the_table_is_picked_out_from_the_keyboard(visit):
    page = visit.open("?models=7net-0").page
    stop = page.locator("[data-element][tabindex='0']")
    assert stop.count() == 1
    stop.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.element") == "Li"
    page.keyboard.press("Enter")
    visit.until("g.data[0].meta.codes.includes(10)")
    visit.until_query("elements=Li")
    page.get_by_role("button", name="all elements").click()
    visit.until("!g.data[0].meta.codes.includes(10)")


def test_crystal_is_found_from_the_keyboard(visit):
    page = visit.open().page
    with page.expect_response(lambda r: '"SrTi"' in (r.request.post_data or "")):
        page.get_by_placeholder("Find a crystal").fill("SrTi")
    page.wait_for_timeout(300)
    page.get_by_role("option", name="SrTiO3").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_text("12 × O at").first.wait_for()
    visit.until_query("atom=SrTiO3")


def test_neighbours_and_sites_lead_on(visit):
    page = visit.open("?atom=BaCeO3-0:2").page
    page.get_by_role("button", name="Ba 1").click()
    visit.until_query("atom=BaCeO3-0:1")
    neighbour = page.locator(".neighbour").first
    target = int(neighbour.get_attribute("data-atom"))
    neighbour.click()
    page.wait_for_function("!decodeURIComponent(window.location.search).includes('BaCeO3-0:1')")
    assert target != first_atom("BaCeO3-0")


def test_hostile_id_is_text_everywhere(visit):
    query = "?atom=" + HOSTILE_ID.replace("%", "%25").replace("<", "%3C").replace(">", "%3E") + ":1"
    page = visit.open(query).page
    page.get_by_text(HOSTILE_ID).first.wait_for()
    page.mouse.move(*visit.place_of(first_atom(HOSTILE_ID)))
    page.locator("#tip").wait_for(state="visible")
    assert page.locator("#tip b b, #tip script, aside script").count() == 0


def test_refused_atoms_have_no_mark_in_that_panel(visit):
    visit.open(f"?models=7net-0,{REFUSING}&atom=NaCl-0:1")
    assert visit.graph("g.layout.shapes.filter(s => s.type === 'circle').map(s => s.xref)") == ["x", "x"]


def test_zoom_is_shared_and_reset(visit):
    page = visit.open("?models=7net-0,element-only").page
    before = visit.graph("g.layout.xaxis2.range.slice()")
    page.get_by_role("button", name="Zoom in").click()
    visit.until(f"Math.abs(g.layout.xaxis2.range[0] - {before[0]}) > 1e-6")
    assert visit.graph("g.layout.xaxis.range.slice()") == visit.graph("g.layout.xaxis2.range.slice()")
    page.get_by_role("switch", name="element-only").click(force=True)
    visit.drawn(panels=1)
    assert abs(visit.graph("g.layout.xaxis.range[0]") - before[0]) > 1e-6
    page.get_by_role("switch", name="element-only").click(force=True)
    visit.drawn(panels=2)
    page.get_by_role("button", name="Reset zoom").click()
    visit.until(f"Math.abs(g.layout.xaxis2.range[0] - {before[0]}) < 1e-6")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_sticks_out_of_the_window(visit, width, height, theme):
    page = visit.page
    page.set_viewport_size({"width": width, "height": height})
    visit.open(f"?theme={theme}&atom=BaCeO3-0:2")
    page.get_by_text("6 × O at 2.22 Å").first.wait_for()
    sizes = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert sizes[0] <= width
    assert sizes[1] <= height
    wide = page.evaluate(
        "[...document.querySelectorAll('.left, .right')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert wide == 0


def test_every_control_has_a_name(visit):
    page = visit.open("?atom=BaCeO3-0:2").page
    unnamed = page.evaluate(
        """[...document.querySelectorAll('button, input:not([type=hidden]), [role=slider]')].filter(e =>
            e.offsetParent !== null && !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')
            || e.innerText?.trim()
            || e.labels?.length || e.title)).map(e => e.outerHTML.slice(0, 120))"""
    )
    assert unnamed == []


def test_tip_goes_when_the_pointer_leaves_the_maps(visit):
    page = visit.open("?models=7net-0,mine<b>").page
    page.mouse.move(*visit.place_of(first_atom("BaCeO3-0") + 1))
    page.locator("#tip").wait_for(state="visible")
    page.mouse.move(5, 5)
    page.locator("#tip").wait_for(state="hidden")


def test_back_returns_to_the_atom_before(visit):
    page = visit.open("?atom=BaCeO3-0:1").page
    page.locator("button.neighbour").first.wait_for()
    page.locator("button.neighbour").first.click()
    page.wait_for_function("!location.search.includes('BaCeO3-0:1')")
    page.go_back()
    page.wait_for_function("location.search.includes('BaCeO3-0:1')")
    page.get_by_role("table", name="Facts about the chosen atom").wait_for()
    assert page.locator("#crystal-panel").inner_text().startswith("BaCeO3")
