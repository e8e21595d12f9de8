"""Crystals and molecules: reading files, checking them, and what symmetry says about them."""
