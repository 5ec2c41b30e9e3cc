"""Every route asked for by everybody, over and over, with whatever can be thought of."""

from pathlib import Path

from tests.soak.asking import check_routes


def test_every_route_answers_whatever_is_asked_of_it(tmp_path: Path) -> None:
    asker = check_routes(tmp_path, examples=400)
    print(f"\n{asker.asked:,} requests: {dict(sorted(asker.told.items()))}")
