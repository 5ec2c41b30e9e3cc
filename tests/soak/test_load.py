"""Four workers, commits that rewrite every page, a minute of readers: no error, and no answer made of two commits."""

from pathlib import Path

from tests.soak.load import check_load


def test_every_answer_under_load_is_of_one_commit(tmp_path: Path) -> None:
    seen = check_load(tmp_path, seconds=60, pages=50, workers=4, clients=12, pause=0.25)
    assert len(seen.workers) == 4
    print(f"\n{seen}")
