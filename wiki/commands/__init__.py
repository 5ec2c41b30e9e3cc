"""The commands of ``quire``, one a module; each is a view for the terminal."""
