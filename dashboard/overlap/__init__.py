"""Overlap of neighbour lists between models: which models are compared, over which atoms, and what comes out."""
