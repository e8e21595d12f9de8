"""Comparing two atlases array by array."""

from pathlib import Path

import numpy as np
import zarr


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    root = zarr.open_group(path, mode="r")
    return {name: node[...] for name, node in root.members(max_depth=None) if isinstance(node, zarr.Array)}


def assert_same_arrays(a: Path, b: Path) -> None:
    one, two = arrays_of(a), arrays_of(b)
    assert set(one) == set(two)
    for name, values in one.items():
        np.testing.assert_array_equal(values, two[name], err_msg=name)
