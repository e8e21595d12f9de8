"""Students: small potentials trained here from random weights, to watch a map emerge; never foundation models."""
