"""``python -m dashboard.find ATLAS TEXT``: which atoms a text of the find box asks for, as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from dashboard.atlases import Atlases
from dashboard.find.errors import FindError
from dashboard.find.matching import matches
from precompute.contracts import AtlasError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dashboard.find", description="Find atoms of an atlas by text.")
    parser.add_argument("atlas", type=Path)
    parser.add_argument("text", help="as in the find box: `Ce in oxides`, `band_gap > 2 and element = Ti`")
    given = parser.parse_args(arguments)
    try:
        atlases = Atlases([given.atlas])
        found = matches(atlases.get(atlases.default), given.text)
    except (AtlasError, FindError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"atoms": np.flatnonzero(found).tolist()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
