"""Quire's engine: a wiki in a git repository, as a library that has never heard of the web."""
