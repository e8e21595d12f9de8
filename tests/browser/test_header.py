"""Theme, links, keys, notices and hints, as a person meets them."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import visiting
from tests.browser.header_steps import said, save, scheme, titles

pytestmark = pytest.mark.browser


def test_header_names_the_atlas_and_holds_every_control(visit):
    page = visit.open().page
    theme = f"Theme: as the system, {scheme(page)}"
    header = page.locator("header.top")
    assert header.get_by_role("heading", name="Platonic Atlas").is_visible()
    for name in ("Views", "Copy link", "Present", theme, "Keys and help"):
        assert header.get_by_role("button", name=name, exact=True).is_visible()
    box = header.bounding_box()
    assert box["height"] == 44
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    last = page.locator("#open-keys").bounding_box()
    assert last["x"] + last["width"] <= 1280


def test_theme_follows_the_system_until_one_is_chosen_and_is_remembered(visit):
    visit.page.emulate_media(color_scheme="light")
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
        if key != "Escape"  # closes what is open
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
    before = scheme(page)
    page.keyboard.press("v")
    page.keyboard.type("tlp?")
    assert page.get_by_label("Title of what is shown now").input_value() == "tlp?"
    assert scheme(page) == before
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "open-views"
    page.get_by_role("button", name="Keys and help").click()
    page.get_by_label("Single keys act on the page").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    assert scheme(page) == before
    visit.open()
    page.keyboard.press("t")
    assert scheme(page) == before


def test_slash_goes_to_the_find_box(visit):
    page = visit.open().page
    page.keyboard.press("/")
    assert page.evaluate("document.querySelector('.find-place').contains(document.activeElement)")


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
            if n == 1:  # what it speaks of, and the sections above, stay to be seen
                legend = page.locator("#legend").bounding_box()
                assert box["y"] >= legend["y"] + legend["height"]
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
