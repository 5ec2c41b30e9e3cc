"""A wiki in memory, and all that is found in it."""

from collections.abc import Callable, Mapping

import pytest

from engine.access import Actor, Kind, Role
from engine.checking import CODES, Finding
from engine.wiki import Wiki
from tests.conftest import Commit

READER = Actor(Kind.PERSON, "ada", Role.READER)

Check = Callable[[Mapping[str, str | bytes | None]], list[Finding]]


@pytest.fixture
def check(wiki: Wiki, commit: Commit) -> Check:
    """Commit files, and return what is found then."""

    def find(files: Mapping[str, str | bytes | None]) -> list[Finding]:
        commit(files)
        assert wiki.catch_up(10)
        with wiki.at(READER) as snapshot:
            found = list(snapshot.check())
        for finding in found:
            assert finding.code in CODES
            assert finding.message[-1] in ".?"
        return found

    return find
