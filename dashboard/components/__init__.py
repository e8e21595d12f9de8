"""Controls and panels: values in, components out; no access to the store."""
