"""Agreement: how alike models' coordinates are, over many atoms (global) and around one (local)."""
