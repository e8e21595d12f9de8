"""Steps on the Neighbours page."""

PAIR = "?page=neighbours&pair=7net-0,mace-untrained"
DONE = "try { localStorage.setItem('platonic-atlas:hints', 'done') } catch {}"


def here(visit, query=PAIR):
    """Open the page and wait for its numbers."""
    visit.open(query)
    return ready(visit)


def ready(visit):
    """Wait until nothing on the page is being asked for."""
    page = visit.page
    page.wait_for_function(
        """() => document.querySelector('#page-neighbours .headline > *')
            && !document.querySelector('#page-neighbours.waiting, #page-neighbours .waiting, .maps.small.busy')"""
    )
    return page


def region(page, name):
    return page.locator("#page-neighbours").get_by_role("region", name=name, exact=True)


def mean(page):
    return page.locator(".figure b").first.inner_text()
