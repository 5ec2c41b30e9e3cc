"""Saves a few pages, and says aloud when each was asked for and answered, for whoever traces this process.

python -m tests.soak.traced_saves REPO
"""

import os
import sys
from pathlib import Path

from engine.access import Actor, Kind, Role, RolePolicy
from engine.changes import Append, Change, Edit, Move, Put
from engine.search.whoosh_index import WhooshIndex
from engine.store.git_store import GitStore
from engine.wiki import Wiki

ADA = Actor(Kind.PERSON, "Ada", Role.EDITOR)
MANY = 120  # files in one commit, which git keeps as one pack


def main() -> None:
    """Save."""
    store = GitStore.open(sys.argv[1])
    folder = store.cache_folder
    folder.mkdir(parents=True, exist_ok=True)
    wiki = Wiki.open(store, WhooshIndex(folder / "search"), folder, RolePolicy(), processes=0)
    wiki.catch_up()
    _save(wiki, Put("Home.md", b"# Home\n\nOne.\n", None))
    _save(wiki, Edit("Home.md", "# Home\n\nTwo.\n", _blob(store, "Home.md")))
    _save(wiki, Append("Home.md", "More.\n"))
    _save(wiki, Put("new/folder/Page.md", b"# Page\n", None), Put("new/Picture.png", b"\x89PNG", None))
    _save(wiki, Move("new/folder/Page.md", "old/Page.md", _blob(store, "new/folder/Page.md")))
    _save(wiki, *(Put(f"many/Page {number}.md", b"# Page %d\n" % number, None) for number in range(MANY)))
    wiki.close()


def _save(wiki: Wiki, *changes: Change) -> None:
    os.write(1, b"asked\n")
    commit = wiki.commit(changes, ADA, "Save").commit
    os.write(1, f"answered {commit}\n".encode())


def _blob(store: GitStore, path: str) -> str:
    entry = store.entry(store.head() or "", path)
    assert entry is not None
    return entry.blob


if __name__ == "__main__":
    assert Path(sys.argv[1]).is_dir()
    main()
