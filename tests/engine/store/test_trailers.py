"""The last paragraph of a message: what the wiki wrote there it reads again."""

import pytest

from engine.model import Touch
from engine.store.trailers import MOVED, moved, trailer, with_moves, with_trailers

PATHS = ["a b.md", "a  b.md", "a   b    c.md", " a.md", "  a  .md", "a\\  b.md", 'a"  b".md', "首  页.md"]


@pytest.mark.parametrize("path", PATHS)
def test_renames_are_read_as_they_were_written(path: str) -> None:
    message = with_trailers("Move", {MOVED: moved([(path, f"new/{path}"), ("x.md", "y.md")])})
    touches = [Touch(path, None, "1", added=False), Touch(f"new/{path}", None, "2", added=True)]
    found = with_moves(touches, trailer(message, MOVED))
    assert {(each.path, each.old_path, each.added) for each in found} == {
        (path, None, True),
        (f"new/{path}", path, False),
    }
