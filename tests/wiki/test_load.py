"""Several workers serve while commits arrive: no error, and no answer made of two commits."""

from pathlib import Path

from tests.soak.load import check_load


def test_every_answer_under_load_is_of_one_commit(tmp_path: Path) -> None:
    seen = check_load(tmp_path, seconds=3, pages=12, workers=2, clients=4, pause=0.15)
    assert seen.kinds.keys() == {"page", "search", "listing", "source"}
    assert len(seen.shown) > 1
