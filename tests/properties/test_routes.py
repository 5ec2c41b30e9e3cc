"""Whatever is asked of any route, as anybody: an answer that is no failure, and a repository that stays sound."""

from pathlib import Path

from tests.soak.asking import ARGUMENTS, FIELDS, check_routes


def test_every_route_answers_whatever_is_asked_of_it(tmp_path: Path) -> None:
    asker = check_routes(tmp_path, examples=3)
    assert asker.asked > 3 * 4 * 60


def test_the_words_that_views_read_are_found() -> None:
    assert {"text", "base", "summary", "to", "seen", "login", "password", "level", "choice-"} <= {*FIELDS}
    assert {"rev", "from", "to", "at", "next", "page", "folder", "part", "title", "template"} <= {*ARGUMENTS}
