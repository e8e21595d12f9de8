"""What an atlas says of its models: cards, maps, neighbours."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.records import ModelCard
from dashboard.stored import Stored

TRAINED = ("pretrained", "fine-tuned")
FIRST_SHOWN = 6
NEIGHBOURS_SHOWN = 6
WEIGHTS_OF_FAMILY = {"mace": ("MACE", "mace-mp-0-medium"), "orb": ("Orb", "orb-v3-conservative-inf-omat")}


class Models(Stored):
    """The models of an atlas."""

    @cached_property
    def cards(self) -> dict[str, ModelCard]:
        return {key: self._card(key) for key in self.model_keys}

    def _card(self, key: str) -> ModelCard:
        view = self.atlas.model(key)
        attrs = view.attrs

        def text(name: str) -> str:
            value = attrs.get(name)
            return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)

        status = text("status") or "imported"
        return ModelCard(
            key=key, family=text("family"), status=status, training_data=text("training_data"),
            level_of_theory=text("level_of_theory"), parent=text("parent"), licence=text("licence"),
            citation=text("citation"), layer=text("layer"), width=int(attrs.get("width") or 0),
            trained=status in TRAINED, maps=frozenset(view.map_names),
        )  # fmt: skip

    @cached_property
    def first_shown(self) -> list[str]:
        """Models of the opening view: trained ones in turn over families, then controls, six at most."""
        turns: dict[str, int] = {}
        ranked = []
        for i, card in enumerate(self.cards.values()):
            turn = turns[card.family] = turns.get(card.family, -1) + 1
            place = (0, turn) if card.trained else ({"student": 1, "untrained": 2}.get(card.status, 3), 0)
            ranked.append((*place, i, card.key))
        ranked.sort()
        trained = [r[-1] for r in ranked if r[0] == 0]
        others = [r[-1] for r in ranked if r[0] > 0]
        room = max(FIRST_SHOWN - min(len(others), 2), 1)
        chosen = trained[:room] + others
        chosen = chosen[:FIRST_SHOWN] + trained[room : room + max(0, FIRST_SHOWN - len(chosen))]
        return [k for k in self.model_keys if k in chosen]

    @cached_property
    def untrained_to_fetch(self) -> dict[str, tuple[str, list[str], str]]:
        """Families shown only by untrained controls: family -> (name, their keys, a checkpoint that can be fetched)."""
        result = {}
        for family, (name, checkpoint) in WEIGHTS_OF_FAMILY.items():
            cards = [c for c in self.cards.values() if c.family.lower().startswith(family)]
            untrained = [c.key for c in cards if c.status == "untrained"]
            if untrained and not any(c.trained for c in cards):
                result[family] = (name, untrained, checkpoint)
        return result

    @cached_property
    def methods(self) -> list[str]:
        """Methods that have shared maps: ``pca``, ``umap``."""
        stored = {m for card in self.cards.values() for m in card.maps}
        return [m for m in ("pca", "umap") if f"{m}-2d" in stored]

    @cached_property
    def has_raw(self) -> bool:
        return any("raw-pca-2d" in card.maps for card in self.cards.values())

    @cached_property
    def n_anchors(self) -> int:
        """All anchors: what maps without a ``-k`` in their name were made with."""
        for key in self.model_keys:
            for name in ("pca-2d", "umap-2d"):
                if name in self.cards[key].maps and self.quality(key, name).get("k"):
                    return int(self.quality(key, name)["k"])
        return self.atlas.file.shape("anchors/structure")[0] if self.atlas.file.has("anchors/structure") else 0

    @cached_property
    def anchor_counts(self) -> list[int]:
        """Numbers of anchors that maps are stored for, ascending; the last is all."""
        stored = {m for card in self.cards.values() for m in card.maps}
        lower = sorted(int(m.rpartition("k")[2]) for m in stored if m.startswith("pca-2d-k"))
        return [k for k in lower if k != self.n_anchors] + [self.n_anchors]

    def map_name(self, space: str, method: str, k: int) -> str:
        """The stored map of a view."""
        if space == "raw":
            return "raw-pca-2d"
        return f"{method}-2d" if method == "umap" or k == self.n_anchors else f"pca-2d-k{k}"

    def read_points(self, key: str, name: str) -> NDArray[np.float32]:
        """A map's points in file order, (N, 2) float32; NaN rows where the model refused."""
        return np.asarray(self.atlas.model(key).map(name).xy, np.float32)

    def points(self, key: str, name: str) -> NDArray[np.float32]:
        """The same, kept for the next who asks."""
        return self.keep(("map", key, name), lambda: self.read_points(key, name))

    def quality(self, key: str, name: str) -> dict[str, Any]:
        return self.keep(("quality", key, name), lambda: self.atlas.model(key).map_quality(name))

    def neighbours(
        self, key: str, atom: int, n: int = NEIGHBOURS_SHOWN, kind: str = "representatives"
    ) -> list[tuple[int, float]]:
        """The nearest neighbours of an atom in one model: (atom, cosine of coordinates), nearest first.

        Parameters
        ----------
        key : str
            Of the model.
        atom : int
        n : int
            How many at most.
        kind : str
            One of `precompute.store.NEIGHBOUR_KINDS`; no neighbours where that list is not stored.
        """
        base = f"models/{key}/neighbours/{kind}"
        if not self.atlas.file.has(f"{base}/index"):
            return []
        found = self.keep(
            ("neighbours", key, kind, atom),
            lambda: [self.atlas.file.rows(f"{base}/{name}", atom, atom + 1)[0] for name in ("index", "similarity")],
        )
        return [(int(a), float(s)) for a, s in zip(*(row[:n] for row in found), strict=True) if a >= 0]
