"""What the Drift page shows: stored series as the page reads them, arrays of one step, correlations with output."""
