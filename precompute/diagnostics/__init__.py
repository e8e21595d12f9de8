"""Diagnostics: single numbers that say whether what one hopes to see is there."""
