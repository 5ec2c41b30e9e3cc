"""The tree at the side: what is near a page, for those who do not see every page as well."""

from itertools import permutations

import pytest

from engine.access import ANONYMOUS, Action, Actor, Policy, RolePolicy
from engine.frame import Branch
from engine.model import Name
from engine.wiki import Wiki
from tests.conftest import Commit

SEEN = {f"f/{number:04}.md" for number in (*range(10), *range(500, 515))} | {"a.md"}


class ShowsFew(RolePolicy):
    """Nobody sees more than `SEEN`."""

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        return super().allows(actor, action, name) and name.path in SEEN

    def is_open(self, actor: Actor) -> bool:
        return False


@pytest.fixture
def policy() -> Policy:
    return ShowsFew()


def pages(tree: Branch | None) -> list[str]:
    """Return the addresses of the pages in the folder that is open."""
    assert tree is not None
    (folder,) = (each for each in tree.inside if each.folder)
    return [each.url for each in folder.inside]


@pytest.mark.parametrize("order", [*permutations(["f/0003.md", "f/0505.md", ""])])
def test_the_tree_of_a_folder_does_not_depend_on_who_asked_first(
    commit: Commit, wiki: Wiki, order: tuple[str, ...]
) -> None:
    commit({f"f/{number:04}.md": f"{number}\n" for number in range(1_000)} | {"a.md": "Text\n"})
    wiki.catch_up()
    found: dict[str, list[list[str]]] = {}
    for path in order * 2:
        with wiki.at(ANONYMOUS) as snapshot:
            found.setdefault(path, []).append(pages(snapshot.frame("f", path).tree))
    first, later = ([f"/f/{number:04}" for number in each] for each in (range(10), range(500, 515)))
    assert found == {"": [first] * 2, "f/0003.md": [first] * 2, "f/0505.md": [later] * 2}
