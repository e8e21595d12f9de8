"""Pure functions from arrays to plotly figures; they import neither dash nor the store."""
