"""The bundled default crystals: readable tables of well-known structures, and the code that fills their cells."""

from precompute.structures.catalogue.load import load

__all__ = ["load"]
