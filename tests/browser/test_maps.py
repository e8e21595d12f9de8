"""The maps as a person sees and drives them: points, axes, pointer, keys, address."""

import pytest

from tests.browser.conftest import first_atom, pixels, visiting
from tests.dashboard.synthetic import MODELS, REFUSING, structures

pytestmark = pytest.mark.browser
N = sum(len(s) for s, _ in structures(4))
TRAINED = "?models=7net-0,chgnet-r2scan"


def test_fit_brings_the_selected_atoms_of_all_maps_into_view(visit):
    page = visit.open(TRAINED + "&elements=Ce").page
    page.get_by_role("button", name="Zoom to the selected atoms").click()
    visit.until_query("zoom=")
    cerium = visit.selected()
    for panel, _ in enumerate(visit.shown()):
        box = page.evaluate(
            "i => { const h = atlas.maps.host.getBoundingClientRect(), r = atlas.maps.panels()[i].rect;"
            " return [h.left + r.x, h.top + r.y, r.w, r.h] }",
            panel,
        )
        for atom in cerium:
            x, y = visit.place_of(atom, panel)
            assert box[0] <= x <= box[0] + box[2]
            assert box[1] <= y <= box[1] + box[3]
    page.go_back()
    visit.until_view("zoom", {})
    visit.set(elements=[])
    assert page.locator("#zoom-selection").is_disabled()
    page.locator("body").press("f")
    assert visit.view("zoom") == {}


def colours_in(visit, panel):
    """How many pixels of each colour a panel's points have."""
    return visit.page.evaluate(
        """i => {
            const canvas = document.getElementById("points"), d = window.devicePixelRatio;
            const { x, y, w, h } = atlas.maps.panels()[i].rect;
            const { data } = canvas.getContext("2d").getImageData(x * d, y * d, w * d, h * d);
            const found = {};
            for (let p = 0; p < data.length; p += 4)
                if (data[p + 3] === 255) {
                    const hex = "#" + [0, 1, 2].map(c => data[p + c].toString(16).padStart(2, "0")).join("");
                    found[hex] = (found[hex] || 0) + 1;
                }
            return found;
        }""",
        panel,
    )


def test_opens_with_points_axes_and_counts(visit):
    page = visit.open().page
    assert visit.shown() == list(MODELS)
    assert page.get_by_role("heading", name="Platonic Atlas").is_visible()
    for i in range(len(MODELS)):
        assert len(colours_in(visit, i)) >= 5
    assert f"of {N} atoms drawn in 5 maps" in page.locator("#drawn").inner_text()
    assert f"{REFUSING} lacks 3" in page.locator("#drawn").inner_text()
    assert "K = 20 anchors" in page.locator("#quality").inner_text()
    assert visit.query() == ""


def test_points_come_before_dash_and_plotly(visit):
    visit.open()
    marks = visit.page.evaluate(
        "['points', 'axes', 'mounted'].map(m => performance.getEntriesByName('atlas:' + m)[0].startTime)"
    )
    assert marks[0] == min(marks)


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("factor", [1, 0.1])
def test_points_lie_where_the_axes_say(browser, address, ratio, factor):
    with visiting(browser, address, device_scale_factor=ratio) as visit:
        visit.open(TRAINED)
        atom = first_atom("water-4")
        visit.set(find="id = water-4 and element = O")
        if factor != 1:
            xy = visit.page.evaluate(
                """async ([atom, factor]) => {
                    const rank = await atlas.arrays.rank(), at = await atlas.arrays.points("7net-0", "pca-2d", "");
                    const [x0, x1, y0, y1] = at.range, i = 2 * rank[atom];
                    const [x, y] = [x0 + at.xy[i] * (x1 - x0) / 65534, y0 + at.xy[i + 1] * (y1 - y0) / 65534];
                    const [w, h] = [(x1 - x0) * factor, (y1 - y0) * factor];
                    return [x - 0.413 * w, x + 0.587 * w, y - 0.377 * h, y + 0.623 * h];
                }""",
                [atom, factor],
            )
            visit.set(zoom={"": xy})
        found = visit.page.evaluate(
            """async atom => {
                const rank = await atlas.arrays.rank(), at = await atlas.arrays.points("7net-0", "pca-2d", "");
                const g = document.getElementById("axes")._fullLayout, d = window.devicePixelRatio;
                const [x0, x1, y0, y1] = at.range, i = 2 * rank[atom];
                const xy = [x0 + at.xy[i] * (x1 - x0) / 65534, y0 + at.xy[i + 1] * (y1 - y0) / 65534];
                const { xaxis: gx, yaxis: gy } = g;
                const axes = [gx._offset + gx.d2p(xy[0]), gy._offset + gy.d2p(xy[1])].map(v => v * d);
                const canvas = document.getElementById("points");
                const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                const frame = [g.xaxis._offset, g.xaxis._length, g.yaxis._offset, g.yaxis._length].map(v => v * d);
                let [n, sx, sy] = [0, 0, 0];
                for (let p = 0; p < data.length; p += 4) {
                    const [x, y] = [(p / 4) % width, Math.floor(p / 4 / width)];
                    if (x < frame[0] || x > frame[0] + frame[1] || y < frame[2] || y > frame[2] + frame[3]) continue;
                    const [r, g2, b, a] = data.slice(p, p + 4);
                    // greys are greyed points; the atom is in colour
                    // thin rims are too faint to have a colour
                    const weight = a > 128 ? Math.max(0, Math.max(r, g2, b) - Math.min(r, g2, b) - 10) : 0;
                    n += weight; sx += weight * (x + 0.5); sy += weight * (y + 0.5);
                }
                return { n, axes, points: [sx / n, sy / n] };
            }""",
            atom,
        )
        assert found["n"] > 0
        assert found["points"] == pytest.approx(found["axes"], abs=0.75)


def test_zoom_is_shared_kept_and_reset(visit):
    page = visit.open("?models=7net-0,element-only").page
    home = visit.ranges(1)
    page.get_by_role("button", name="Zoom in").click()
    visit.until_query("zoom=")
    assert visit.ranges(0) == visit.ranges(1) != home
    zoomed = visit.view("zoom")
    visit.set(models=["7net-0"])
    assert visit.view("zoom") == zoomed
    x0, x1, y0, y1 = visit.ranges(0)
    (inside,) = zoomed.values()
    assert x0 <= inside[0] < inside[1] <= x1
    assert y0 <= inside[2] < inside[3] <= y1
    page.get_by_role("button", name="Reset zoom").click()
    page.wait_for_function("!location.search.includes('zoom')")
    visit.set(models=["7net-0", "element-only"])
    assert visit.ranges(1) == home


def test_dragging_the_axes_moves_the_points(visit):
    page = visit.open(TRAINED).page
    before = pixels(visit)
    x, y = visit.place_of(0)
    home = visit.ranges()
    page.mouse.move(x + 30, y + 30)
    page.mouse.down()
    page.mouse.move(x - 20, y + 60, steps=5)
    page.mouse.up()
    visit.until_query("zoom=")
    visit.settled()
    moved = visit.ranges()
    assert moved[0] > home[0]
    assert moved[3] - moved[2] == pytest.approx(home[3] - home[2], rel=1e-3)
    assert pixels(visit) != before
    assert visit.place_of(0) == pytest.approx([x - 50, y + 30], abs=1.5)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_unselected_atoms_are_grey_not_gone(visit, theme):
    visit.open(f"{TRAINED}&theme={theme}&size=2")
    everything = colours_in(visit, 0)
    muted = visit.page.evaluate("atlas.info.themes[atlas.theme()].muted")
    assert muted not in everything
    visit.set(hide=["halogen"])
    halogen = visit.page.evaluate("atlas.info.category_colours.halogen")
    after = colours_in(visit, 0)
    assert halogen in everything
    assert halogen not in after
    assert after[muted] > 0
    assert "143 selected (without halogen)" in visit.page.locator("#drawn").inner_text()


def test_density_draws_the_same_colours_otherwise(visit):
    visit.open(TRAINED)
    before = pixels(visit)
    visit.set(draw="density")
    assert pixels(visit) != before
    visit.until_query("draw=density")


def test_toggling_models_fetches_nothing_twice(visit):
    visit.open()
    visit.set(models=["7net-0"])
    visit.set(models=list(MODELS))
    fetched = [u for u in visit.requests if "/points/" in u]
    assert len(fetched) == len(set(fetched)) == len(MODELS)


def test_private_and_shared_spaces_and_alignment(visit):
    page = visit.open(TRAINED).page
    visit.set(space="raw")
    assert visit.maps() == ["raw-pca-2d"] * 2
    assert visit.ranges(0) != visit.ranges(1)
    page.wait_for_function("document.getElementById('quality').textContent.includes('cannot be compared')")
    visit.set(align="7net-0")
    assert visit.ranges(0) == visit.ranges(1)
    visit.set(space="shared", align="", method="umap")
    assert visit.maps() == ["umap-2d"] * 2
    page.wait_for_function("document.getElementById('quality').textContent.includes('rustworthiness 0.93')")


def test_hover_tells_and_rings_the_atom_in_every_map(visit):
    page = visit.open("?models=7net-0,mine<b>").page
    atom = first_atom("BaCeO3-0") + 1
    page.mouse.move(*visit.place_of(atom))
    page.locator("#tip").wait_for(state="visible")
    page.wait_for_function("document.getElementById('tip').textContent.includes('BaCeO3')")
    assert "7net-0" in page.locator("#tip").inner_text()
    marked = "document.getElementById('marks').getContext('2d').getImageData(0, 0, 2000, 2000).data.some(v => v)"
    assert page.evaluate(marked)
    page.mouse.move(640, 10)
    page.locator("#tip").wait_for(state="hidden")
    assert not page.evaluate(marked)


def test_atoms_are_chosen_from_the_keyboard(visit):
    page = visit.open(TRAINED).page
    page.locator("#maps").focus()
    page.keyboard.press("ArrowRight")
    page.locator("#tip").wait_for(state="visible")
    first = page.evaluate("atlas.hover.get()")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("a => atlas.hover.get() !== a", arg=first)
    wanted = page.evaluate("atlas.hover.get()")
    page.keyboard.press("Enter")
    visit.until_view("atom", wanted)
    assert page.evaluate("document.activeElement.id") == "maps"


def test_lasso_selects_what_lies_inside_and_can_be_cleared(visit):
    page = visit.open(TRAINED).page
    page.get_by_role("button", name="Drag selects atoms with a lasso").click()
    x, y = visit.place_of(first_atom("water-4"))
    page.mouse.move(x - 9, y - 9)
    page.mouse.down()
    for dx, dy in ((9, -9), (9, 9), (-9, 9), (-9, -8)):
        page.mouse.move(x + dx, y + dy, steps=3)
    page.mouse.up()
    visit.until_query("lasso=7net-0:")
    visit.settled()
    assert first_atom("water-4") in visit.selected()
    assert len(visit.selected()) < N
    page.get_by_role("button", name="Clear lasso").click()
    page.wait_for_function("!location.search.includes('lasso')")
    visit.settled()
    assert visit.selected() is None


def test_untrained_controls_are_noted_while_one_is_shown(visit):
    page = visit.open().page
    note = page.get_by_text("MACE panels are untrained controls")
    assert note.is_visible()
    visit.set(models=["7net-0"])
    assert note.is_hidden()
    visit.set(models=["7net-0", "mace-untrained"])
    assert note.is_visible()


def test_no_model_is_a_state_of_its_own(visit):
    visit.open()
    visit.set(models=[])
    assert visit.shown() == []
    assert "none" in visit.page.locator("#maps").get_attribute("class").split()
    visit.set(models=["7net-0"])
    assert visit.shown() == ["7net-0"]


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_sticks_out_of_the_window(visit, width, height, theme):
    page = visit.page
    page.set_viewport_size({"width": width, "height": height})
    visit.open(f"?theme={theme}&atom=BaCeO3-0:2&panel=atoms")
    page.get_by_text("6 × O at 2.22 Å").first.wait_for()
    sizes = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert sizes[0] <= width
    assert sizes[1] <= height
    wide = page.evaluate(
        "[...document.querySelectorAll('.left, .right')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert wide == 0


@pytest.mark.parametrize("panel", ["none", "atoms", "histograms"])
def test_every_control_has_a_name(visit, panel):
    page = visit.open(f"?atom=BaCeO3-0:2&panel={panel}").page
    page.get_by_text("6 × O at 2.22 Å").first.wait_for()
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, [role="slider"], [role="img"]')]
            .filter(e => e.type !== "hidden" && e.checkVisibility() && !e.closest("[aria-hidden='true']"))
            .filter(e => !(e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") || e.textContent.trim()
                || e.title || e.placeholder || e.labels?.length))
            .map(e => e.outerHTML.slice(0, 200))"""
    )
    assert unnamed == []


def test_deep_zoom_by_the_wheel_fetches_exact_places(visit):
    page = visit.open("?models=7net-0").page
    x, y = visit.place_of(0)
    page.mouse.move(x, y)
    for _ in range(40):
        page.mouse.wheel(0, -400)
        page.wait_for_timeout(40)
    page.wait_for_function("atlas.maps.scene().panels[0].exact")
    page.mouse.move(10, 10)


def test_both_axes_have_one_scale(visit):
    visit.open(TRAINED)
    for query in ({}, {"zoom": {"": [0.1, 0.9, 0.2, 0.4]}}, {"panel": "atoms"}):
        visit.set(**query)
        visit.page.wait_for_timeout(300)
        rect = visit.page.evaluate("atlas.maps.panels()[0].rect")
        x0, x1, y0, y1 = visit.ranges()
        assert (x1 - x0) / rect["w"] == pytest.approx((y1 - y0) / rect["h"], rel=1e-6)


def test_escape_drops_a_lasso_being_drawn(visit):
    page = visit.open(TRAINED).page
    page.keyboard.press("s")
    x, y = visit.place_of(0)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 10, steps=3)
    page.mouse.move(x + 20, y + 40, steps=3)
    page.keyboard.press("Escape")
    page.mouse.up()
    page.wait_for_timeout(300)
    assert visit.view("lasso") is None
