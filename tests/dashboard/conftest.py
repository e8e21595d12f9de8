import pytest

from dashboard.app import create_app
from dashboard.data import AtlasData
from precompute.store import Atlas
from tests.dashboard.synthetic import write_atlas


@pytest.fixture(scope="session")
def atlas_path(tmp_path_factory):
    return write_atlas(tmp_path_factory.mktemp("dashboard") / "synthetic.zarr")


@pytest.fixture(scope="session")
def data(atlas_path):
    return AtlasData(Atlas(atlas_path))


@pytest.fixture(scope="session")
def app(atlas_path):
    return create_app(Atlas(atlas_path))
