"""Placing a crystal that an atlas does not hold: embedded by the atlas's models, set among its atoms.

``python -m precompute.placing ATLAS FILE --models a,b --out DIR`` writes one JSON line for every step to standard
output, and into DIR ``result.json`` (anew after every model) and one ``<model>.npz`` with embeddings, coordinates,
places and neighbours of the inequivalent atoms.
"""

from precompute.placing.command import main
from precompute.placing.places import Placed, place
from precompute.placing.reading import read_one
from precompute.placing.running import run

__all__ = ["Placed", "main", "place", "read_one", "run"]
