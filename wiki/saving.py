"""Commits that are made in the browser: those of visitors are bounded, and it is written down from where they came.

What a commit names is the same for all visitors; the audit alone knows the address.
"""

from collections.abc import Mapping
from logging import getLogger

from flask import Flask, Response, g

from engine.access import Kind
from engine.changes import Saved
from engine.errors import ForbiddenError, StoreError, WikiError
from engine.messages import Message
from engine.mirroring import Standing
from engine.writing import Changes
from wiki.current import current_actor, current_identity, current_wiki, site
from wiki.mirror import sending
from wiki.showing import address, by
from wiki.state.errors import TooOftenError
from wiki.state.limits import network

log = getLogger(__name__)

VIA: Mapping[str, str] = {"Quire-Via": "browser"}
"""Said in every commit that is made here."""

STANDINGS = {each.value for each in Standing} - {Standing.SAME.value}
"""Why the remote has not what was saved, where somebody has to do something first."""

SECONDS = 900  # in which a visitor may make as many changes as the setting `anonymous_rate` says


def commit(changes: Changes, summary: str, trailers: Mapping[str, str] | None = None) -> Saved:
    """Make one commit of all *changes* for whoever asks, or none of them; errors as `Wiki.commit`.

    What comes to nothing, as a conflict, is not counted.

    Raises:
        TooOftenError: Visitors from this address have made too many changes.
    """
    visiting = current_identity().visiting
    if visiting:
        count()
    try:
        saved = current_wiki().commit(changes, current_actor(), summary, trailers={**VIA, **(trailers or {})})
    except WikiError:
        if visiting:
            _give_back()
        raise
    if visiting and saved.changed:
        _note(saved)
    elif visiting:
        _give_back()
    if saved.changed:
        _send(saved)
    return saved


def _send(saved: Saved) -> None:
    """Wait until the remote has a change, where the settings say so. It was made, whether or not that can be."""
    if (send := sending(site())) is not None:
        g.late = send(saved.commit)


def register(app: Flask) -> None:
    """Let answers say whether the remote has what was saved, where the settings say that it is to."""

    @app.after_request
    def tell(response: Response) -> Response:
        if "late" in g:
            response.headers["Quire-Durability"] = "local" if g.late else "remote"
            if g.late and response.status_code == 303 and (location := response.location):
                address, sign, fragment = location.partition("#")
                word = "conflict" if g.late in STANDINGS else "remote"
                response.location = f"{address}{'&' if '?' in address else '?'}late={word}{sign}{fragment}"
        return response


def _note(saved: Saved) -> None:
    """Write down from where a change came. It was made, so nobody is told otherwise where that cannot be written."""
    first, *others = saved.paths
    more = f" +{len(others)}" if others else ""
    try:
        site().state.audit.note(by(), "visitor.change", f"{first}{more}", saved.commit)
    except StoreError as error:
        log.error("the audit does not tell from where %s was made: %s", saved.commit, error)


def count() -> None:
    """Count one change of a visitor.

    Raises:
        TooOftenError: There were too many.
    """
    wait = site().state.limits.take(_rate(), seconds=SECONDS)
    if wait:
        g.retry_after = wait
        raise TooOftenError(
            Message.counting(
                "Many changes have come from where you are; save again in %(num)s minute, or log in.",
                "Many changes have come from where you are; save again in %(num)s minutes, or log in.",
                -(-wait // 60),
            )
        )


def _give_back() -> None:
    """Count a change of a visitor no more: nothing was written."""
    try:
        site().state.limits.give_back(_rate(), seconds=SECONDS)
    except StoreError as error:
        log.warning("a change that was not made stays counted: %s", error)


def _rate() -> tuple[str, int]:
    """Return what changes of the visitor are counted under, and how many there may be."""
    return f"visitor {network(address())}", site().settings.anonymous_rate


def check_known() -> None:
    """Refuse what concerns many pages, or what others did, to a visitor: nobody could be asked about it."""
    if current_actor().kind is Kind.ANONYMOUS:
        raise ForbiddenError(Message("Only those who are logged in may do this."))
