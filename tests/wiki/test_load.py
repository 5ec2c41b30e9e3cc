"""Several workers serve while commits arrive: no error, and no answer made of two commits."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from engine.access import ANONYMOUS
from engine.catalog import facts
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.soak.load import check_load

SEARCH = "/-/search?q=quire"


def test_every_answer_under_load_is_of_one_commit(tmp_path: Path) -> None:
    seen = check_load(tmp_path, seconds=3, pages=12, workers=2, clients=4, pause=0.15)
    assert seen.kinds.keys() == {"page", "search", "listing", "source"}
    assert len(seen.shown) > 1


def test_results_of_an_older_index_are_not_kept(wiki: Wiki, client: FlaskClient, commit: Commit) -> None:
    commit({"Home.md": "# One\n\nquire"})
    wiki.catch_up()
    commit({"Home.md": "# Two\n\nquire"})
    older = client.get(SEARCH)
    assert "One" in older.text
    assert "brought up to date" in older.text
    assert "ETag" not in older.headers
    wiki.catch_up()
    newer = client.get(SEARCH)
    assert "Two" in newer.text
    assert "brought up to date" not in newer.text
    assert client.get(SEARCH, headers={"If-None-Match": newer.headers["ETag"]}).status_code == 304


def test_an_older_index_shows_the_titles_and_texts_that_it_describes(
    wiki: Wiki, client: FlaskClient, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "KEEP", 0)
    commit({"Home.md": "# First\n\nquire"})
    wiki.catch_up()
    for title in "ABCDEFG":
        commit({"Home.md": f"# {title}\n\nquire"})
        wiki.follow()
    assert "First" in client.get(SEARCH).text
    wiki.catch_up()
    assert ">G<" in client.get(SEARCH).text
    assert wiki.status().unknown == 0


def test_an_index_that_is_ahead_of_the_snapshot_shows_what_it_describes(wiki: Wiki, commit: Commit) -> None:
    commit({"Home.md": "# One\n\nquire"})
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        commit({"Home.md": "# Two\n\nquire"})
        wiki.catch_up()
        found = snapshot.search("quire")
        assert [result.title for result in found.results] == ["Two"]
        assert not snapshot.settled
