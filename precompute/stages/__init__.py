"""The stages of a build, each done once and entered in the ledger: embeddings, the shared space, views of it."""
