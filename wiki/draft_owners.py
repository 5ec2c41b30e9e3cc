"""Whose drafts a browser keeps: of several people who use one, each is offered their own."""

import re

from flask import Flask, request

from wiki import current

FIELD = "draft-owner"
PURPOSE = "drafts"
CHARACTERS = 12
_OWNER = re.compile(rf"[\w-]{{{CHARACTERS}}}", re.ASCII)


def draft_owner() -> str:
    """Return what stands for who asks in the names of their drafts, and tells nothing of them; empty without an account.

    A form that is shown again after its session has ended is still of whom it was shown to.
    """
    account = current.asking().account
    if account is not None:
        return current.site().state.signing.sign(PURPOSE, str(account.id))[:CHARACTERS]
    sent = request.form.get(FIELD, "")
    return sent if _OWNER.fullmatch(sent) else ""


def register(app: Flask) -> None:
    """Let templates ask."""
    app.jinja_env.globals.update(draft_owner=draft_owner)
