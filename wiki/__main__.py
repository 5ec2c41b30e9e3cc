"""``python -m wiki``: the command ``quire``."""

from wiki.cli import main

if __name__ == "__main__":
    main()
