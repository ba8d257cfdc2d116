"""A report as data: a document of blocks. Builders make it, renderers write it; neither knows the other. No Django."""
