"""A small atlas of made-up embeddings of simple crystals, written as a build writes one."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from precompute import writing
from precompute.contracts import Analysis, Map, Skipped, Structure
from precompute.elements import table
from precompute.store import AtlasFile
from tests.dashboard.synthetic_agreement import add_agreement

ROCK_SALT = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
HOSTILE_ID = "<script>alert(1)</script><b>x</b>%{x}"
MODELS = {
    "7net-0": {"family": "SevenNet", "status": "pretrained", "training_data": "MPtrj", "level_of_theory": "PBE"},
    "chgnet-r2scan": {"family": "CHGNet", "status": "fine-tuned", "parent": "chgnet-0.3.0", "training_data": "MP"},
    "mace-untrained": {"family": "MACE", "status": "untrained"},
    "element-only": {"family": "control", "status": "control"},
    "mine<b>": {"status": "imported"},
}
REFUSING = "chgnet-r2scan"
COUNTS = (5, 10)
TITLE = "Synthetic crystals"
N_ANCHORS = 20


def rock_salt(cation: int, anion: int, a: float, identifier: str, source: str, **properties: object) -> Structure:
    positions = np.vstack([ROCK_SALT, ROCK_SALT + np.array([0.5, 0, 0])]) % 1
    return Structure(
        identifier, source, np.repeat([cation, anion], 4), positions * a, np.eye(3) * a, np.ones(3, bool),
        properties=properties, units={"band_gap": "eV"},
    )  # fmt: skip


def perovskite(a_site: int, b_site: int, a: float, identifier: str) -> Structure:
    positions = np.array([[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    return Structure(
        identifier, "a paper", [a_site, b_site, 8, 8, 8], positions * a, np.eye(3) * a, np.ones(3, bool),
        properties={"name": "a perovskite", "prototype": "perovskite", "origin": "model-relaxed (7net-l3i5)",
                    "hypothetical": True, "band_gap": 2.5},
        units={"band_gap": "eV"},
    )  # fmt: skip


def structures(copies: int) -> list[tuple[Structure, Analysis]]:
    made: list[tuple[Structure, Analysis]] = []
    symbols = table()["symbol"]
    for copy in range(copies):
        for cation, anion, a in ((11, 17, 5.64), (3, 9, 4.03), (12, 8, 4.21), (19, 35, 6.6)):
            formula = f"{symbols[cation - 1]}{symbols[anion - 1]}"
            identifier = HOSTILE_ID if (copy, cation) == (0, 3) else f"{formula}-{copy}"
            s = rock_salt(cation, anion, a * (1 + 0.002 * copy), identifier, f"file<{copy}>.cif", band_gap=5.0 + copy)
            orbit = np.repeat([0, 4], 4)
            letters = np.repeat(["a", "b"], 4)
            made.append((s, Analysis(formula, 225, "Fm-3m", "cubic", orbit, ["m-3m"] * 8, letters, [6] * 8)))
        for a_site, b_site, a in ((56, 58, 4.44), (38, 22, 3.905), (20, 90, 4.4)):
            formula = f"{symbols[a_site - 1]}{symbols[b_site - 1]}O3"
            s = perovskite(a_site, b_site, a, f"{formula}-{copy}")
            sites = ["m-3m", "m-3m", "4/mm.m", "4/mm.m", "4/mm.m"]
            orbit = [0, 1, 2, 2, 2]
            analysis = Analysis(formula, 221, "Pm-3m", "cubic", orbit, sites, list("abccc"), [26, 20, 6, 6, 6])
            made.append((s, analysis))
    water = Structure(f"water-{copies}", "text", [8, 1, 1], [[0, 0, 0.12], [0, 0.76, -0.48], [0, -0.76, -0.48]],
                      np.zeros((3, 3)), np.zeros(3, bool))  # fmt: skip
    made.append((water, Analysis("H2O", 0, "", "molecule", [0, 1, 1], ["mm2", "m", "m"], ["", "", ""], [2, 1, 1])))
    return made


def write_atlas(
    path: Path,
    copies: int = 4,
    title: str = TITLE,
    add: Callable[[AtlasFile], None] | None = None,
    agreement: bool = True,
) -> Path:
    """Write a finished atlas with five models of different status; one has NaN rows. `add` may write more into it.

    Without `agreement` no run of it is there.
    """
    # written once and copied, which takes a twentieth of the time
    shutil.copytree(_written(copies, agreement, COUNTS), path)
    file = AtlasFile.edit(path)
    file.set_attrs({"title": title})
    if add is not None:
        add(file)
    file.consolidate()
    return path


@functools.cache
def _written(copies: int, agreement: bool, counts: tuple[int, ...]) -> Path:
    folder = tempfile.mkdtemp(prefix="synthetic-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "made.zarr"
    pairs = structures(copies)
    rng = np.random.default_rng(0)
    attrs = {"schema_version": 1, "complete": True, "title": TITLE, "created": "2026-01-01", "software": "tests"}
    file = AtlasFile.create(path, attrs | {"models": list(MODELS)})
    writing.write_structures(file, [s for s, _ in pairs], [a for _, a in pairs], [Skipped("x", "y", "z")], 0)
    z = np.concatenate([s.numbers for s, _ in pairs])
    n = len(z)
    facts = table()
    chemistry = np.column_stack([facts["group"][z - 1] / 18, facts["period"][z - 1] / 7]) + rng.normal(0, 0.03, (n, 2))
    for m, (key, known) in enumerate(MODELS.items()):
        embeddings = rng.normal(size=(n, 8)).astype(np.float32)
        shared = (chemistry @ [[1, 0.2], [-0.1, 1]] + rng.normal(0, 0.05, (n, 2))).astype(np.float32)
        if key in ("mace-untrained", "element-only"):
            shared = rng.normal(0.5, 0.2, (n, 2)).astype(np.float32)
        raw = (shared @ [[np.cos(m), np.sin(m)], [-np.sin(m), np.cos(m)]] * (m + 1)).astype(np.float32)
        if key == REFUSING:
            embeddings[:3] = shared[:3] = raw[:3] = np.nan
        refused = [{"structure": "NaCl-0", "reason": "isolated atoms"}] if key == REFUSING else []
        writing.write_embeddings(file, key, embeddings, known | {"width": 8, "refused": refused})
        fitted = {"method": "pca", "fitted_on": ["7net-0", "chgnet-r2scan"], "fitted_atoms": n, "n_atoms": n}
        shares = {"explained_variance": [0.41, 0.23], "explained_variance_of_model": [0.4, 0.2 + 0.01 * m]}
        writing.write_map(file, key, "pca-2d", Map(shared, fitted | shares | {"k": N_ANCHORS}))
        for k in counts:
            noisy = (shared + rng.normal(0, 0.5 / k, shared.shape)).astype(np.float32)
            writing.write_map(file, key, f"pca-2d-k{k}", Map(noisy, fitted | shares | {"k": k}))
        trust = {"trustworthiness": 0.93, "trustworthiness_atoms": 1000, "k": N_ANCHORS, "fitted_on": ["7net-0"]}
        writing.write_map(file, key, "umap-2d", Map((np.tanh(shared * 2) * 8).astype(np.float32), trust))
        own = {"method": "pca of raw embeddings", "explained_variance": [0.5 - 0.05 * m, 0.1], "n_atoms": n}
        writing.write_map(file, key, "raw-pca-2d", Map(raw, own))
        index = np.array([[(i + 5 * j + m * (j > 1)) % n for j in range(1, 11)] for i in range(n)], np.int32)
        similarity = np.tile(np.linspace(0.99, 0.5, 10, dtype=np.float32), (n, 1))
        index[-1, 3:], similarity[-1, 3:] = -1, np.nan
        writing.write_neighbours(file, key, "representatives", index, similarity)
        writing.write_neighbours(file, key, "all", np.where(index >= 0, (index + 1) % n, -1), similarity)
    if agreement:
        add_agreement(file)
    return path
