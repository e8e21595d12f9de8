"""Drift: how far atoms moved between a base model and later checkpoints of it. Arrays in, arrays out."""
