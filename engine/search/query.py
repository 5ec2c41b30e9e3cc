"""What people type -> Query: a small tree of words, phrases, fields and negations."""


class Query:
    """Replaced by the real tree."""
