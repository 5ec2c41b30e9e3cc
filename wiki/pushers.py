"""Who pushed what others wrote, for lists of the past."""

from collections.abc import Iterable, Mapping

from engine.model import Revision
from wiki.current import site


def pushers(revisions: Iterable[Revision]) -> Mapping[str, str]:
    """Return the names of those who pushed some revisions, by commit, where they did not write them.

    One look-up serves all of them.
    """
    authors = {revision.id: revision.author for revision in revisions}
    pushes = site().state.pushes.of([*authors])
    return {
        commit: push.author.name
        for commit, push in pushes.items()
        if push.author.name != authors[commit].name
        or push.author.email.casefold() != authors[commit].email.casefold()
    }
