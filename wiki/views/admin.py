"""Administration: who there is, what programs may, how the wiki does, and what was done. For admins alone."""

from dataclasses import fields
from urllib.parse import urlencode

from flask import Blueprint, current_app, redirect, request
from flask.typing import ResponseReturnValue

from engine.access import EVERYTHING, Role
from engine.errors import ForbiddenError, WikiError
from engine.messages import Message
from wiki.current import current_identity, current_wiki, site
from wiki.entrance import sign_in_address
from wiki.errors import status as status_of
from wiki.forms import field, lines_field, number_field, one_field
from wiki.languages import gettext as _
from wiki.languages import marked, translated
from wiki.settings import host_of
from wiki.showing import by, show
from wiki.state.accounts import ROLES
from wiki.state.errors import RefusedError
from wiki.state.invitations import DAYS
from wiki.urls import absolute, whole_number
from wiki.webhooks import webhooks

bp = Blueprint("admin", __name__)

ACCOUNTS = 50  # on one page
ENTRIES = 100
CHOICES = tuple(role.value for role in ROLES)

DONE = {
    "add": marked("The account is made."),
    "role": marked("The role is changed."),
    "disable": marked("The account is disabled, and its sessions have ended."),
    "enable": marked("The account is enabled."),
    "remove": marked("The account is removed."),
    "token": marked("The token opens nothing any more."),
    "invitation": marked("The invitation is taken back."),
}
"""What is said after something was done, by the word in the address."""


@bp.before_request
def guard() -> ResponseReturnValue | None:
    """Let nobody but admins pass."""
    identity = current_identity()
    if identity.is_admin:
        return None
    if identity.account is None and identity.token is None and request.method in {"GET", "HEAD"}:
        return redirect(sign_in_address(), 302)
    raise ForbiddenError(Message("Only admins may do this."))


# -- accounts


@bp.get("/-/admin")
def view() -> ResponseReturnValue:
    """List the accounts."""
    return _accounts(done=_done())


@bp.post("/-/admin/accounts")
def change_account() -> ResponseReturnValue:
    """Make an account, or change one."""
    action = one_field("action", ("add", "role", "disable", "enable", "remove", "reset"))
    accounts, login = site().state.accounts, field("login")
    try:
        if action == "add":
            given = {"name": field("name"), "email": field("email")}
            made = accounts.add(login, role=Role(one_field("role", CHOICES)), by=by(), **given)
            return _accounts(link=_reset_link(made.login), login=made.login)
        if action == "role":
            accounts.set_role(login, Role(one_field("role", CHOICES)), by=by())
        elif action == "reset":
            return _accounts(link=_reset_link(login), login=login)
        elif action == "remove":
            _remove(login)
        elif action == "disable":
            accounts.disable(login, by=by())
        else:
            accounts.enable(login, by=by())
    except WikiError as error:
        return _accounts(error=translated(error.message), code=status_of(error))
    return redirect(f"/-/admin?done={action}", 303)


def _reset_link(login: str) -> str:
    state = site().state
    code = state.resets.create(state.accounts.get(login), by=by())
    return absolute(f"/-/reset?{urlencode({'code': code})}")


def _remove(login: str) -> None:
    if not field("sure"):
        raise RefusedError(
            Message("Say that you are sure to remove the account; disabling it can be undone.")
        )
    site().state.accounts.remove(login, by=by())


def _accounts(
    *, error: str = "", done: str = "", link: str = "", login: str = "", code: int = 200
) -> ResponseReturnValue:
    page = whole_number("page", 1, 1, 100_000)
    listed = site().state.accounts.all()
    start = (page - 1) * ACCOUNTS
    return show(
        "admin/accounts.html",
        code,
        accounts=listed[start : start + ACCOUNTS],
        count=len(listed),
        page=page,
        more=len(listed) > start + ACCOUNTS,
        roles=CHOICES,
        link=link,
        login=login,
        error=error,
        done=done,
    )


# -- invitations


@bp.get("/-/admin/invitations")
def invitations() -> ResponseReturnValue:
    """List the invitations that can still be used."""
    return _invitations(done=_done())


@bp.post("/-/admin/invitations")
def change_invitation() -> ResponseReturnValue:
    """Make an invitation, and show its link this once; or take one back."""
    made = site().state.invitations
    try:
        if one_field("action", ("create", "revoke")) == "revoke":
            made.revoke(number_field("invitation") or 0, by=by())
            return redirect("/-/admin/invitations?done=invitation", 303)
        role = Role(one_field("role", CHOICES))
        days = number_field("days")
        _invitation, text = made.create(
            role, note=field("note"), days=DAYS if days is None else days, by=by()
        )
    except WikiError as error:
        return _invitations(error=translated(error.message), code=status_of(error))
    return _invitations(link=absolute(f"/-/register?{urlencode({'invitation': text})}"))


def _invitations(*, error: str = "", done: str = "", link: str = "", code: int = 200) -> ResponseReturnValue:
    return show(
        "admin/invitations.html",
        code,
        invitations=site().state.invitations.open(),
        closed=site().settings.registration == "closed",
        roles=CHOICES,
        link=link,
        error=error,
        done=done,
    )


# -- tokens


@bp.get("/-/admin/tokens")
def tokens() -> ResponseReturnValue:
    """List all tokens."""
    return _tokens(done=_done())


@bp.post("/-/admin/tokens")
def change_token() -> ResponseReturnValue:
    """Make a token that is nobody's, and show it this once; or revoke one, whosever it is."""
    made = site().state.tokens
    try:
        if one_field("action", ("create", "revoke")) == "revoke":
            made.revoke(number_field("token") or 0, by=by())
            return redirect("/-/admin/tokens?done=token", 303)
        token, text = made.create(
            field("name"),
            role=Role.EDITOR if field("write") else Role.READER,
            reads=lines_field("reads") or EVERYTHING,
            writes=lines_field("writes") or EVERYTHING,
            days=number_field("days"),
            by=by(),
        )
    except WikiError as error:
        return _tokens(error=translated(error.message), code=status_of(error))
    return _tokens(made=(token.name, text))


def _tokens(
    *, error: str = "", done: str = "", made: tuple[str, str] | None = None, code: int = 200
) -> ResponseReturnValue:
    listed = site().state.tokens.all()
    return show("admin/tokens.html", code, tokens=listed, made=made, error=error, done=done)


# -- looking


@bp.get("/-/admin/settings")
def settings() -> ResponseReturnValue:
    """Show the settings of the server, which are changed where it runs."""
    found = site().settings
    values = {each.name: getattr(found, each.name) for each in fields(found)}
    values["webhooks"] = " ".join(map(host_of, found.webhook_urls))  # the rest may open something
    return show("admin/settings.html", settings=values.items())


@bp.get("/-/admin/status")
def status() -> ResponseReturnValue:
    """Show how fresh everything is that is derived, how far webhooks were told, and how the mirror does."""
    mirror = site().mirror
    return show(
        "admin/status.html",
        status=current_wiki().status(),
        webhooks=webhooks(current_app).status(),
        mirror=mirror.status() if mirror is not None else None,
    )


@bp.get("/-/admin/audit")
def audit() -> ResponseReturnValue:
    """Show what was done to accounts, newest first."""
    who, what = request.args.get("who", "").strip(), request.args.get("what", "").strip()
    before = whole_number("before", 0, 1, 999_999_999)
    kept = site().state.audit
    entries, more = kept.entries(before=before or None, limit=ENTRIES, who=who, what=what)
    further = urlencode({"who": who, "what": what, "before": entries[-1].id}) if more else ""
    return show("admin/audit.html", entries=entries, further=further, kinds=kept.kinds(), who=who, what=what)


def _done() -> str:
    word = request.args.get("done", "")
    return _(DONE[word]) if word in DONE else ""
