"""What can be taken out of a view: tables, structures, figures, a page of its own, and what to write of it."""
