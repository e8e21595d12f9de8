"""The report on a series: one HTML file that needs nothing else, for a screen, a printer or a pull request."""
