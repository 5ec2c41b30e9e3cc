"""Signing in and out, and what somebody may say and change of themselves."""

from flask import Blueprint, Response, abort, make_response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden

from engine.access import EVERYTHING, Role
from engine.errors import WikiError
from wiki import cookies, csrf
from wiki.current import current_identity, site
from wiki.entrance import sign_in_address
from wiki.errors import status
from wiki.forms import field, lines_field, number_field, one_field, secret_field
from wiki.languages import LANGUAGES, marked, ngettext, translated
from wiki.languages import gettext as _
from wiki.next_address import ADDRESS_CHARACTERS, next_address
from wiki.showing import address, by, show
from wiki.state.accounts import Account
from wiki.state.errors import RefusedError
from wiki.state.limits import network
from wiki.state.logins import Attempt

bp = Blueprint("account", __name__)

REGISTRATIONS = 10  # accounts that one address may make in an hour

DONE = {
    "profile": marked("Your profile is saved."),
    "password": marked("Your password is changed, and all other sessions have ended."),
    "session": marked("The session has ended."),
    "token": marked("The token opens nothing any more."),
}
"""What is said after something was done, by the word in the address."""


# -- signing in and out


@bp.get("/-/login")
def login() -> ResponseReturnValue:
    """Show the form to sign in; who has done so goes on."""
    wanted = next_address(request.args.get("next", "/"))
    if current_identity().account is not None:
        return redirect(wanted, 302)
    done = _("Your password is set; log in with it.") if request.args.get("done") == "reset" else ""
    return _login_form(wanted, done=done)


def _login_again() -> ResponseReturnValue:
    return _login_form(_wanted(), error=_("The form was too old; please try again."))


@bp.post("/-/login")
@csrf.salvage(_login_again)
def sign_in() -> ResponseReturnValue:
    """Sign in, and go on to where the reader was; what is wrong is told the same whatever it is."""
    wanted = _wanted()
    done = site().state.logins.attempt(
        field("login"), secret_field("password"), address=address(), agent=request.user_agent.string
    )
    if done.cookie:
        return _begun(done.cookie, redirect(wanted, 303))
    code, error, headers = _failed(done, _("The login name or the password is wrong."))
    return _login_form(wanted, error=error, code=code, headers=headers)


def _wanted() -> str:
    return next_address(field("next", "/", ADDRESS_CHARACTERS + 1))


@bp.post("/-/logout")
def logout() -> ResponseReturnValue:
    """End the session of this browser."""
    site().state.sessions.end(cookies.get(cookies.SESSION), by())
    response = make_response(redirect("/", 303))
    cookies.drop(response, cookies.SESSION)
    return response


def _login_form(
    wanted: str, *, error: str = "", done: str = "", code: int = 200, headers: dict[str, str] | None = None
) -> ResponseReturnValue:
    shown, code = show(
        "account/login.html",
        code,
        error=error,
        done=done,
        wanted=wanted,
        login=field("login"),
        open_to_all=site().settings.registration == "open",
    )
    return shown, code, headers or {}


def _failed(done: Attempt, wrong: str) -> tuple[int, str, dict[str, str]]:
    """Return status, text and headers for an attempt that failed."""
    if done.wait:
        minutes = -(-done.wait // 60)
        text = ngettext(
            "There were too many attempts; try again in %(num)s minute.",
            "There were too many attempts; try again in %(num)s minutes.",
            minutes,
        )
        return 429, text, {"Retry-After": str(done.wait)}
    return 403, wrong, {}


def _begun(cookie: str, answer: ResponseReturnValue) -> Response:
    """Put the cookie of a new session into an answer; the one before ends, and so does what a visitor had."""
    if old := cookies.get(cookies.SESSION):
        site().state.sessions.end(old, by())
    response = make_response(answer)
    cookies.put(response, cookies.SESSION, cookie, site().state.sessions.seconds)
    cookies.drop(response, cookies.VISIT)
    return response


# -- coming to an account


@bp.get("/-/register")
def register() -> ResponseReturnValue:
    """Show the form to make an account: by invitation, or for everybody where that is set."""
    return _register_form(_invitation(request.args.get("invitation", "")))


@bp.post("/-/register")
def create() -> ResponseReturnValue:
    """Make an account, and sign in with it."""
    state, invitation = site().state, _invitation(field("invitation"))
    password, again = secret_field("password"), secret_field("again")
    given = {"name": field("name"), "email": field("email")}
    try:
        _check_same(password, again)
        if invitation:
            made = state.invitations.use(invitation, field("login"), password, address=address(), **given)
        else:
            state.accounts.check_choice(field("login"), password, **given)  # what cannot be is no attempt
            if wait := state.limits.take((f"register {network(address())}", REGISTRATIONS), seconds=3_600):
                code, error, headers = _failed(Attempt(wait=wait), "")
                return *_register_form(invitation, error, code), headers
            made = state.accounts.add(field("login"), password=password, role=Role.READER, by=by(), **given)
    except RefusedError as error:
        return _register_form(invitation, translated(error.message), status(error))
    return _begun(state.sessions.begin(made, by(), request.user_agent.string), redirect("/", 303))


def _invitation(text: str) -> str:
    """Return an invitation that may be used, empty where everybody may come; 403 and 404 where nobody may."""
    setting = site().settings.registration
    if setting == "closed" or (setting == "invitation" and not text):
        raise Forbidden(_("Accounts are made by an admin, or by a link from one."))
    if text:
        site().state.invitations.find(text)
    return text


def _register_form(invitation: str, error: str = "", code: int = 200) -> tuple[str, int]:
    given = {name: field(name) for name in ("login", "name", "email")}
    return show("account/register.html", code, invitation=invitation, error=error, given=given)


@bp.get("/-/reset")
def reset() -> ResponseReturnValue:
    """Show the form to set a password, for whom an admin gave a link."""
    return _reset_form(request.args.get("code", ""))


@bp.post("/-/reset")
def set_password() -> ResponseReturnValue:
    """Set a password by a link, which then is used up."""
    code, password = field("code"), secret_field("password")
    try:
        _check_same(password, secret_field("again"))
        site().state.resets.use(code, password, address=address())
    except RefusedError as error:
        return _reset_form(code, translated(error.message), status(error))
    return redirect("/-/login?done=reset", 303)


def _reset_form(code: str, error: str = "", number: int = 200) -> ResponseReturnValue:
    found = site().state.resets.find(code)
    return show("account/reset.html", number, code=code, login=found.login, error=error)


def _check_same(password: str, again: str) -> None:
    if password != again:
        raise RefusedError(_("The two passwords are not the same."))


# -- one's own account


@bp.get("/-/account")
def view() -> ResponseReturnValue:
    """Show somebody their own account."""
    if current_identity().account is None:
        return redirect(sign_in_address(), 302)
    return _account(done=_(DONE[word]) if (word := request.args.get("done", "")) in DONE else "")


@bp.post("/-/account/profile")
def profile() -> ResponseReturnValue:
    """Change name, address and language."""
    account = _own()
    language = one_field("language", ("", *LANGUAGES))
    try:
        site().state.accounts.set_profile(
            account.login, name=field("name"), email=field("email"), language=language, by=by()
        )
    except RefusedError as error:
        return _account(error=translated(error.message), code=status(error))
    return redirect("/-/account?done=profile", 303)


@bp.post("/-/account/password")
def password() -> ResponseReturnValue:
    """Change the password, which ends all sessions but this one, which is begun anew."""
    account, state = _own(), site().state
    done = state.logins.confirm(account, secret_field("current"), address=address())
    if done.account is None:
        code, text, headers = _failed(done, _("The password that you have is another one."))
        return *_account(error=text, code=code), headers
    try:
        _check_same(secret_field("password"), secret_field("again"))
        state.accounts.set_password(account.login, secret_field("password"), by=by())
    except RefusedError as error:
        return _account(error=translated(error.message), code=status(error))
    cookie = state.sessions.begin(account, by(), request.user_agent.string)
    return _begun(cookie, redirect("/-/account?done=password", 303))


@bp.post("/-/account/sessions")
def end_sessions() -> ResponseReturnValue:
    """End one other session, or all of them."""
    account, state = _own(), site().state
    own = current_identity().session
    wanted = number_field("session")
    for session in state.sessions.of(account):
        if session.id == wanted or (wanted is None and own is not None and session.id != own.id):
            state.sessions.revoke(account, session.id, by())
    return redirect("/-/account?done=session", 303)


@bp.post("/-/account/tokens")
def create_token() -> ResponseReturnValue:
    """Make a token, and show it this once."""
    account = _own()
    writes = bool(field("write")) and account.role.covers(Role.EDITOR)
    try:
        token, text = site().state.tokens.create(
            field("name"),
            role=Role.EDITOR if writes else Role.READER,
            reads=lines_field("reads") or EVERYTHING,
            writes=lines_field("writes") or EVERYTHING,
            days=number_field("days"),
            owner=account,
            by=by(),
        )
    except WikiError as error:
        return _account(error=translated(error.message), code=status(error))
    return _account(made=(token.name, text))


@bp.post("/-/account/tokens/revoke")
def revoke_token() -> ResponseReturnValue:
    """Let one of one's own tokens open nothing any more."""
    site().state.tokens.revoke(number_field("token") or 0, owner=_own(), by=by())
    return redirect("/-/account?done=token", 303)


def _own() -> Account:
    """Return the account of who asks; 403 for those who have none."""
    return current_identity().account or abort(403)


def _account(
    *, error: str = "", done: str = "", made: tuple[str, str] | None = None, code: int = 200
) -> tuple[str, int]:
    account, state = _own(), site().state
    return show(
        "account/view.html",
        code,
        account=account,
        session=current_identity().session,
        sessions=state.sessions.of(account),
        tokens=state.tokens.all(account),
        writes=account.role.covers(Role.EDITOR),
        error=error,
        done=done,
        made=made,
    )
