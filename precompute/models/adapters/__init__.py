"""One file a family: the package's own loader and graph, up to the feature, and nothing else."""
