import pytest

from dashboard.app import create_app
from dashboard.atlases import Atlases
from tests.dashboard.synthetic import write_atlas


@pytest.fixture(scope="session")
def atlas_path(tmp_path_factory):
    return write_atlas(tmp_path_factory.mktemp("dashboard") / "synthetic.zarr")


@pytest.fixture(scope="session")
def second_path(tmp_path_factory):
    return write_atlas(tmp_path_factory.mktemp("dashboard") / "second one.zarr", copies=1, title="A second atlas")


@pytest.fixture(scope="session")
def atlases(atlas_path, second_path):
    return Atlases([atlas_path, second_path])


@pytest.fixture(scope="session")
def data(atlases):
    return atlases.get("synthetic")


@pytest.fixture(scope="session")
def app(atlases):
    return create_app(atlases)


@pytest.fixture(scope="session")
def client(app):
    return app.server.test_client()
