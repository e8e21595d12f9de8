"""Is chemistry in the space? The table of `docs/chemistry.md`: `python -m benchmarks.chemistry ATLAS [ATLAS ...]`"""

from __future__ import annotations

import sys

from precompute.reports import atlas_info
from precompute.store import Atlas


def main(paths: list[str]) -> None:
    for path in paths:
        atlas = Atlas(path)
        p = atlas_info(atlas)["purity"]
        print(
            f"**{atlas.title}**: {p['atoms']:,} symmetry-distinct atoms of {p['structures']:,} structures, "
            f"{p['neighbours']} neighbours\n"
        )
        print("| model | status | neighbours of other elements | permuted | all neighbours | permuted |")
        print("|---|---|---|---|---|---|")
        for row in sorted(p["rows"], key=lambda r: -r["other_elements_value"]):
            cells = [row["model"], atlas.model(row["model"]).status]
            for kind in ("other_elements", "plain"):
                value, low, high, permuted = (row[f"{kind}_{part}"] for part in ("value", "low", "high", "permuted"))
                cells += [f"{value:.3f} [{low:.3f}, {high:.3f}]", f"{permuted:.3f}"]
            print("| " + " | ".join(cells) + " |")
        print()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m benchmarks.chemistry ATLAS [ATLAS ...]")
    main(sys.argv[1:])
