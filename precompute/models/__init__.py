"""Models: which there are, where their packages live, and how each turns structures into embeddings."""
