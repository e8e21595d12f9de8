"""``python -m precompute``: the same as the console script ``platonic-atlas``."""

from precompute.cli import main

main()
