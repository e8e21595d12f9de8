"""The Python example in the README runs."""

import re
from pathlib import Path

from precompute.store import Atlas

README = Path(__file__).parents[2] / "README.md"


def test_the_example_runs(atlas: Atlas) -> None:
    code = re.search(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    assert code is not None
    text = code[1].replace('"mine.zarr"', repr(str(atlas.path))).replace('"7net-0"', '"fake-a"')
    names: dict[str, object] = {}
    exec(text, names)
    assert names["symbols"][0] == "Li"
    assert names["index"].shape == (atlas.n_atoms, 50)
