"""What all tests share."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of real potentials are slow, yet part of `make test` unless they are marked slow themselves."""
    for item in items:
        if item.get_closest_marker("models") and not item.get_closest_marker("slow"):
            item.add_marker("slow")
            item.add_marker("ci")
