"""What several tests of the header do."""

from playwright.sync_api import expect


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
