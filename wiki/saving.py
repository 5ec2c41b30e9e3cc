"""Commits that are made in the browser: those of visitors are bounded, and it is written down from where they came.

What a commit names is the same for all visitors; the audit alone knows the address.
"""

from collections.abc import Mapping

from flask import g

from engine.access import Kind
from engine.changes import Saved
from engine.errors import ForbiddenError
from engine.messages import Message
from engine.writing import Changes
from wiki.current import current_actor, current_identity, current_wiki, site
from wiki.showing import address, by
from wiki.state.errors import TooOftenError
from wiki.state.limits import network

VIA: Mapping[str, str] = {"Quire-Via": "browser"}
"""Said in every commit that is made here."""

SECONDS = 900  # in which a visitor may make as many changes as the setting `anonymous_rate` says


def commit(changes: Changes, summary: str, trailers: Mapping[str, str] | None = None) -> Saved:
    """Make one commit of all *changes* for whoever asks, or none of them; errors as `Wiki.commit`.

    Raises:
        TooOftenError: Visitors from this address have made too many changes.
    """
    visiting = current_identity().visiting
    if visiting:
        count()
    saved = current_wiki().commit(changes, current_actor(), summary, trailers={**VIA, **(trailers or {})})
    if visiting and saved.changed:
        first, *others = saved.paths
        more = f" +{len(others)}" if others else ""
        site().state.audit.note(by(), "visitor.change", f"{first}{more}", saved.commit)
    return saved


def count() -> None:
    """Count one change of a visitor.

    Raises:
        TooOftenError: There were too many.
    """
    rate = site().settings.anonymous_rate
    wait = site().state.limits.take((f"visitor {network(address())}", rate), seconds=SECONDS)
    if wait:
        g.retry_after = wait
        raise TooOftenError(
            Message.counting(
                "Many changes have come from where you are; save again in %(num)s minute, or log in.",
                "Many changes have come from where you are; save again in %(num)s minutes, or log in.",
                -(-wait // 60),
            )
        )


def check_known() -> None:
    """Refuse what concerns many pages, or what others did, to a visitor: nobody could be asked about it."""
    if current_actor().kind is Kind.ANONYMOUS:
        raise ForbiddenError(Message("Only those who are logged in may do this."))
