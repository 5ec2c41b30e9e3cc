"""One blueprint per feature; a view takes typed values, asks a snapshot, names a template."""
