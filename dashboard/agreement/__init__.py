"""What the Agreement page shows: stored runs as the page reads them, trees of models, comparisons of a selection."""
