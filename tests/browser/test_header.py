"""Sharing, saved views, presentation, keys, theme, notices and hints, as a person meets them."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import served, visiting
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


def said(page, text):
    expect(page.locator(".said-notice", has_text=text)).to_be_visible()


def scheme(page):
    return page.evaluate("document.documentElement.getAttribute('data-mantine-color-scheme')")


def save(page, title):
    page.get_by_label("Title of what is shown now").fill(title)
    page.get_by_role("button", name="Save this view").click()
    said(page, f"“{title}” is saved")


def titles(page, section="In this browser"):
    return page.get_by_role("region", name=section).locator(".view-title").all_inner_texts()


def test_header_names_the_atlas_and_holds_every_control(visit):
    page = visit.open().page
    header = page.locator("header.top")
    assert header.get_by_role("heading", name="Platonic Atlas").is_visible()
    for name in ("Views", "Copy link", "Present", "Theme: as the system, light", "Keys and help"):
        assert header.get_by_role("button", name=name, exact=True).is_visible()
    box = header.bounding_box()
    assert box["height"] == 44
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    last = page.locator("#open-keys").bounding_box()
    assert last["x"] + last["width"] <= 1280


def test_theme_follows_the_system_until_one_is_chosen_and_is_remembered(visit):
    page = visit.open().page
    assert scheme(page) == "light"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.mantineColorScheme === 'dark'")
    page.emulate_media(color_scheme="light")
    page.wait_for_function("document.documentElement.dataset.mantineColorScheme === 'light'")
    page.keyboard.press("t")
    visit.until_query("theme=dark")
    assert scheme(page) == "dark"
    assert page.evaluate("getComputedStyle(document.querySelector('.top')).backgroundColor") != "rgb(255, 255, 255)"
    visit.open()
    assert scheme(page) == "dark"
    assert "theme" not in visit.query()
    visit.open("?theme=light")
    assert scheme(page) == "light"
    page.get_by_role("button", name="Theme: light").click()
    said(page, "Theme: as the system, light")
    visit.open()
    page.get_by_role("button", name="Theme: as the system, light").wait_for()


def test_a_dark_page_is_never_light_on_the_way(visit):
    visit.page.add_init_script(
        """window.looks = [];
        const look = () => window.looks.push(document.documentElement.dataset.mantineColorScheme);
        const watch = new MutationObserver(() => requestAnimationFrame(look));
        watch.observe(document, { subtree: true, attributes: true });"""
    )
    page = visit.open("?theme=dark").page
    assert set(page.evaluate("window.looks")) == {"dark"}


def test_copied_link_opens_the_same_view(visit):
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visit.open().page
    visit.set(colour="period", models=["7net-0"], hide=[], elements=["O"])
    page.get_by_role("button", name="Copy link").click()
    said(page, "Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(visit.address + "?models=7net-0&colour=period")
    before = visit.view()
    visit.open(link.removeprefix(visit.address))
    assert visit.view() == before


def test_a_denied_clipboard_leaves_the_link_selected(visit):
    page = visit.open("?models=7net-0").page
    page.evaluate(
        """() => {
            navigator.clipboard.writeText = () => Promise.reject(new Error("denied"));
            document.execCommand = () => false;
        }"""
    )
    page.keyboard.press("l")
    dialog = page.get_by_role("dialog", name="Link to this view")
    dialog.wait_for()
    selected = page.evaluate(
        "() => { const a = document.activeElement; return a.value.slice(a.selectionStart, a.selectionEnd) }"
    )
    assert selected == visit.address + "?models=7net-0"
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_sheet_lists_every_key_once_and_gives_the_focus_back(visit):
    page = visit.open().page
    page.locator("#copy-link").focus()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    sheet.wait_for()
    listed = page.evaluate("atlas.actions.list().filter(a => a.keys.length)")
    shown = sheet.locator("dd").all_inner_texts()
    assert sorted(shown) == sorted(action["label"] for action in listed)
    assert {"help", "find", "theme", "copy-link", "views", "present", "zoom-in"} <= {a["id"] for a in listed}
    everywhere = [
        key
        for a in listed
        if a["group"] not in ("Presentation", "Maps, where they have the focus")
        for key in a["keys"]
    ]
    assert len(everywhere) == len(set(everywhere))
    box = sheet.bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 720
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    page.keyboard.press("v")
    expect(page.locator("#views-panel")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "copy-link"


def test_keys_are_left_to_text_fields_and_can_be_turned_off(visit):
    page = visit.open().page
    page.keyboard.press("v")
    page.keyboard.type("tlp?")
    assert page.get_by_label("Title of what is shown now").input_value() == "tlp?"
    assert scheme(page) == "light"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "open-views"
    page.get_by_role("button", name="Keys and help").click()
    page.get_by_label("Single keys act on the page").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    assert scheme(page) == "light"
    visit.open()
    page.keyboard.press("t")
    assert scheme(page) == "light"


def test_slash_goes_to_the_find_box(visit):
    page = visit.open().page
    page.keyboard.press("/")
    assert page.evaluate("document.querySelector('.find-place').contains(document.activeElement)")


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
    assert "No saved views" in page.locator(".presented-title").inner_text()
    page.keyboard.press("p")
    expect(page.locator(".presented")).to_have_count(0)


def test_hints_come_one_after_the_other_beside_the_maps_and_never_again(browser, address):
    with visiting(browser, address) as visit:
        page = visit.open().page
        maps = page.locator("#maps").bounding_box()
        page.evaluate("document.activeElement?.blur()")
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('.hint-card').contains(document.activeElement)")
        for n in (1, 2, 3):
            card = page.get_by_role("region", name=f"Hint {n} of 3")
            box = card.bounding_box()
            assert box["x"] + box["width"] <= maps["x"] + 1 or box["x"] >= maps["x"] + maps["width"] - 1
            assert box["y"] >= 44
            assert box["y"] + box["height"] <= 720
            card.get_by_role("button", name="Next" if n < 3 else "Done").press("Enter")
        expect(page.locator(".hint-card")).to_have_count(0)
        visit.open()
        expect(page.locator(".hint-card")).to_have_count(0)


def test_hints_left_are_not_shown_again_and_go_on_where_they_were(browser, address):
    with visiting(browser, address) as visit:
        page = visit.open().page
        page.get_by_role("button", name="Next").click()
        visit.open()
        page.get_by_role("region", name="Hint 2 of 3").get_by_role("button", name="No more hints").focus()
        page.keyboard.press("Escape")
        visit.open()
        expect(page.locator(".hint-card")).to_have_count(0)


def test_a_browser_that_keeps_nothing_is_spared_hints_and_told_about_its_views(browser, address):
    with visiting(browser, address) as visit:
        visit.page.add_init_script(
            """Object.defineProperty(window, "localStorage", {
                get() { throw new DOMException("denied", "SecurityError") },
            })"""
        )
        page = visit.open().page
        expect(page.locator(".hint-card")).to_have_count(0)
        page.keyboard.press("v")
        save(page, "Kept nowhere")
        assert "keeps nothing of this page" in page.locator("#views-panel").inner_text()
        assert titles(page) == ["Kept nowhere"]
        page.keyboard.press("Escape")
        page.keyboard.press("t")
        assert scheme(page) == "dark"


def test_a_damaged_address_is_said_above_the_maps_until_closed(visit):
    page = visit.open("?k=17&colour=colour<b>").page
    note = page.locator("#notices .said-notice")
    assert "17" in note.inner_text()
    assert "colour<b>" in note.inner_text()
    maps = page.locator("#maps").bounding_box()
    assert note.bounding_box()["y"] + note.bounding_box()["height"] <= maps["y"] + 1
    page.get_by_role("button", name="Close this notice").click()
    expect(note).to_have_count(0)


def test_a_server_that_is_gone_is_said_and_what_is_loaded_stays(visit):
    page = visit.open().page
    page.route("**/data/**", lambda route: route.abort())
    page.evaluate("atlas.view.set({ colour: 'period' })")
    said(page, "The server cannot be reached")
    assert visit.shown()
    page.get_by_role("button", name="Try again").click()
    said(page, "The server cannot be reached")
    page.unroute("**/data/**")
    page.get_by_role("button", name="Try again").click()
    said(page, "The server is reached again")
    page.wait_for_function("atlas.legend.get().id === 'period'")
    expect(page.locator(".said-notice.error")).to_have_count(0)
    # the browser itself reports each request that it could not make
    visit.errors[:] = [e for e in visit.errors if "ERR_FAILED" not in e]


def test_the_same_word_is_said_once_and_errors_stay(visit):
    page = visit.open().page
    page.clock.install()
    page.evaluate("() => { for (let i = 0; i < 3; i++) atlas.say('Saved.'); atlas.say('Broken <b>.', 'error') }")
    expect(page.locator(".said-notice")).to_have_count(2)
    page.clock.run_for(7000)
    expect(page.locator(".said-notice")).to_have_count(1)
    assert page.get_by_role("alert").inner_text().startswith("Broken <b>.")
