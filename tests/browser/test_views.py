"""Saved views and presentation, as a person meets them."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import served, visiting
from tests.browser.header_steps import said, save, titles
from tests.dashboard.synthetic import write_atlas

pytestmark = pytest.mark.browser
VIEWS = "platonic-atlas-views"
SEEN = "try { localStorage.setItem('platonic-atlas:hints', 'done') } catch {}"


def views_file(*views):
    entries = [{"title": title, "query": query} for title, query in views]
    return json.dumps({"format": VIEWS, "version": 1, "views": entries})


@pytest.fixture(scope="module")
def shared(tmp_path_factory, atlas_path):
    """Two atlases with a file of views for everybody."""
    folder = tmp_path_factory.mktemp("shared")
    file = folder / "views.json"
    other = write_atlas(folder / "other.zarr")
    with served(atlas_path, other, "--views", file) as base:
        yield base, file


@pytest.fixture
def guest(browser, shared):
    base, file = shared
    file.unlink(missing_ok=True)
    with visiting(browser, base) as made:
        made.page.add_init_script(SEEN)
        yield made


def test_views_are_saved_shown_ordered_renamed_replaced_and_deleted(visit):
    page = visit.open().page
    page.get_by_role("button", name="Views").click()
    assert "None yet" in page.locator("#views-panel").inner_text()
    save(page, "Start")
    visit.set(colour="period", models=["7net-0"])
    page.get_by_role("button", name="Save this view").click()
    page.get_by_role("button", name="7net-0, by period").wait_for()
    assert titles(page) == ["Start", "7net-0, by period"]
    page.get_by_role("button", name="Start", exact=True).click()
    visit.until_view("colour", "category")
    expect(page.get_by_role("button", name="Start", exact=True)).to_have_attribute("aria-current", "true")
    page.go_back()
    visit.until_view("colour", "period")
    page.get_by_role("button", name="Rename, order or delete views: In this browser").click()
    page.get_by_role("button", name="Move “Start” down").click()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Move “Start” up"
    page.get_by_label("Title of view 1").fill("Periods <b>")
    page.get_by_label("Note of view 1").fill("Rows of the table")
    page.get_by_role("button", name="Leave editing").click()
    expect(page.locator(".view-note")).to_have_text("Rows of the table")
    assert titles(page) == ["Periods <b>", "Start"]
    visit.set(colour="group")
    page.get_by_role("button", name="Rename, order or delete views: In this browser").click()
    page.get_by_role("button", name="Replace “Start” by what is shown now").click()
    said(page, "“Start” is now what is shown")
    page.get_by_role("button", name="Delete “Periods <b>”").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_label("Title of view 2").wait_for()
    page.get_by_role("button", name="Delete “Periods <b>”").click()
    page.get_by_role("button", name="Leave editing").click()
    assert titles(page) == ["Start"]
    visit.open()
    page.keyboard.press("v")
    page.get_by_role("button", name="Start", exact=True).click()
    visit.until_view("colour", "group")


def test_views_go_through_a_file_and_hostile_files_are_refused(visit, tmp_path):
    page = visit.open().page
    page.keyboard.press("v")
    save(page, "Mine")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as a file: In this browser").click()
    kept = json.loads(download.value.path().read_text())
    assert kept["format"] == VIEWS
    [view] = kept["views"]
    assert view["title"] == "Mine"
    assert view["query"].startswith("?atlas=synthetic")
    chooser = page.get_by_label("Load a file of views: In this browser")
    good = tmp_path / "good.json"
    good.write_text(views_file((view["title"], view["query"]), ("<img src=x onerror=alert(1)>", "?colour=period")))
    chooser.set_input_files(good)
    said(page, "1 view of good.json added, 1 already here")
    assert titles(page) == ["Mine", "<img src=x onerror=alert(1)>"]
    for name, text, why in (
        ("script.json", views_file(("a", "javascript:alert(1)")), "must begin with"),
        ("odd.json", "{", "no JSON"),
        ("large.json", " " * 1_000_001, "at most 1 MB"),
    ):
        bad = tmp_path / name
        bad.write_text(text)
        chooser.set_input_files(bad)
        said(page, f"{name} was not loaded")
        assert why in page.locator(".said-notice", has_text=name).inner_text()
    assert len(titles(page)) == 2


def test_a_view_that_does_not_fit_says_what_was_left_out(visit, tmp_path):
    page = visit.open().page
    page.keyboard.press("v")
    file = tmp_path / "views.json"
    file.write_text(views_file(("Odd", "?k=17&colour=period")))
    page.get_by_label("Load a file of views: In this browser").set_input_files(file)
    page.get_by_role("button", name="Odd").click()
    visit.until_view("colour", "period")
    said(page, "Not all of “Odd” could be followed")


def test_views_for_everybody_are_shared_and_nobody_overwrites(guest, browser, shared):
    base, file = shared
    page = guest.open().page
    page.keyboard.press("v")
    page.get_by_label("Where to keep it").select_option("For everybody")
    save(page, "For the meeting")
    assert json.loads(file.read_text())["views"][0]["title"] == "For the meeting"
    with visiting(browser, base) as colleague:
        colleague.page.add_init_script(SEEN)
        colleague.open().page.keyboard.press("v")
        colleague.page.get_by_role("button", name="For the meeting").wait_for()
        page.get_by_label("Where to keep it").select_option("For everybody")
        save(page, "Second")
        colleague.page.get_by_label("Where to keep it").select_option("For everybody")
        colleague.page.get_by_label("Title of what is shown now").fill("Late")
        colleague.page.get_by_role("button", name="Save this view").click()
        said(colleague.page, "Somebody else has changed these views meanwhile")
        assert titles(colleague.page, "For everybody") == ["For the meeting", "Second"]
        assert colleague.page.get_by_label("Title of what is shown now").input_value() == "Late"
        # the browser itself reports the refusal
        colleague.errors[:] = [e for e in colleague.errors if "409" not in e]
    assert [v["title"] for v in json.loads(file.read_text())["views"]] == ["For the meeting", "Second"]


def test_another_atlas_is_a_choice_of_the_header(guest):
    page = guest.open().page
    select = page.get_by_label("Atlas", exact=True)
    assert select.input_value() == "synthetic"
    select.select_option("other")
    guest.until_query("atlas=other")
    page.wait_for_function(
        "window.atlas?.info.atlas === 'other' && performance.getEntriesByName('atlas:mounted').length"
    )
    assert page.get_by_label("Atlas", exact=True).input_value() == "other"
    page.get_by_label("Atlas", exact=True).select_option("synthetic")
    page.wait_for_function(
        "window.atlas?.info.atlas === 'synthetic' && performance.getEntriesByName('atlas:mounted').length"
    )
    assert guest.query() == ""


def test_presentation_steps_through_views_across_atlases(guest, shared):
    _, file = shared
    file.write_text(
        views_file(("Periods", "?colour=period"), ("Oxygen", "?models=7net-0&elements=O"), ("Other", "?atlas=other"))
    )
    page = guest.open().page
    page.keyboard.press("p")
    page.locator(".presented-count", has_text="– / 3").wait_for()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="Periods")).to_be_visible()
    guest.until_view("colour", "period")
    page.keyboard.press("PageDown")
    expect(page.get_by_role("heading", name="Oxygen")).to_be_visible()
    guest.until_shown("7net-0")
    page.keyboard.press("ArrowLeft")
    guest.until_view("colour", "period")
    page.keyboard.press("End")
    page.wait_for_function(
        "window.atlas?.info.atlas === 'other' && performance.getEntriesByName('atlas:mounted').length"
    )
    expect(page.get_by_role("heading", name="Other")).to_be_visible()
    expect(page.locator(".presented-count")).to_have_text("3 / 3")
    page.keyboard.press("Escape")
    expect(page.locator(".presented")).to_have_count(0)
    assert page.evaluate("location.hash") == ""


@pytest.mark.parametrize("query", ["", "?theme=dark&colour=electronegativity"])
def test_presentation_shows_maps_in_large_type_and_nothing_to_operate(visit, query):
    page = visit.open(query).page
    page.get_by_role("button", name="Present").click()
    visit.settled()
    for hidden in (".top", ".left", ".right", ".below"):
        expect(page.locator(hidden)).to_be_hidden()
    maps = page.locator("#maps").bounding_box()
    assert maps["width"] > 1240
    assert maps["height"] > 560
    strip = page.locator(".presented-bottom")
    assert strip.bounding_box()["y"] + strip.bounding_box()["height"] <= 720
    assert maps["y"] + maps["height"] <= strip.bounding_box()["y"] + 1
    assert "drawn" in page.locator(".presented-drawn").inner_text()
    assert page.evaluate("atlas.legend.get().label") in page.locator(".presented-legend").inner_text()
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('.panel-name')).fontSize)") >= 18
    page.get_by_role("button", name="Leave the presentation").click()
    expect(page.locator(".left")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "present"


def test_presentation_works_without_a_full_screen_and_leaves_with_it(visit):
    visit.page.add_init_script("Element.prototype.requestFullscreen = () => Promise.reject(new TypeError('denied'))")
    page = visit.page
    page.goto(visit.address + "#present")
    page.wait_for_function("performance.getEntriesByName('atlas:mounted').length > 0")
    expect(page.locator(".presented")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    expect(page.locator(".presented")).to_be_visible()
    # nothing is said to the audience of views that there might be
    assert page.locator(".presented-title").inner_text() == "Synthetic crystals"
    page.keyboard.press("p")
    expect(page.locator(".presented")).to_have_count(0)
