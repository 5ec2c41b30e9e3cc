"""Who may clone and push: every role by every way to say who one is."""

import base64
from pathlib import Path

import pytest

from engine.access import Role
from tests.people import cookie_name
from tests.repositories import Repository
from tests.states import ADMIN, PASSWORD, audited
from tests.wiki.transport.serving import Served, serving
from tests.wiki.transport.test_cloning import ask

REFS = "/wiki.git/info/refs?service=git-%s"
EVERYTHING = 200
AWAY = {"X_Forwarded_For": "192.0.2.1"}  # so it is not the local person


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def may(served: Served, **headers: str) -> tuple[int, int]:
    """Return the answers to who would clone, and to who would push."""
    found = []
    for service in ("upload-pack", "receive-pack"):
        advertised = ask(served, "GET", REFS % service, b"", **headers)
        posted = ask(
            served,
            "POST",
            f"/wiki.git/git-{service}",
            b"0000",
            Content_Type=f"application/x-git-{service}-request",
            **headers,
        )
        assert advertised[0] == posted[0]
        if advertised[0] != 200:
            assert advertised[2]["content-type"] == "text/plain; charset=utf-8"
        assert ("www-authenticate" in advertised[2]) == (advertised[0] == 401)
        found.append(advertised[0])
    return found[0], found[1]


@pytest.mark.parametrize("anonymous", ["reader", "editor", "nobody"])
def test_everybody_may_what_is_written_down(content: Repository, tmp_path: Path, anonymous: str) -> None:
    with serving(content, tmp_path, anonymous=anonymous, login_rate=1_000) as served:
        assert may(served) == (200, 200)  # the local person
        visitor = (401, 401) if anonymous == "nobody" else (200, 401)
        assert may(served, **AWAY) == visitor
        for login, role in (("rea", Role.READER), ("edi", Role.EDITOR), ("adi", Role.ADMIN)):
            served.add(login, role)
        assert may(served) == visitor  # there is no local person any more
        assert may(served, **basic("rea", PASSWORD)) == (200, 403)
        assert may(served, **basic("edi", PASSWORD)) == (200, 200)
        assert may(served, **basic("adi", PASSWORD)) == (200, 200)
        reads, writes = served.token("reads", Role.READER), served.token("writes", Role.EDITOR)
        some = served.token("some", Role.EDITOR, reads=("notes/**",), writes=("notes/**",))
        part = served.token("part", Role.EDITOR, writes=("notes/**",))
        for token, expected in (
            (reads, (200, 403)),
            (writes, (200, 200)),
            (some, (403, 403)),
            (part, (200, 200)),  # which paths, is looked at commit by commit
        ):
            assert may(served, **basic("anything", token)) == expected
            assert may(served, **basic("", token)) == expected
            assert may(served, **basic(token, "")) == expected
            assert may(served, **basic(token, "x-oauth-basic")) == expected
            assert may(served, Authorization=f"Bearer {token}") == expected
        assert may(served, **basic(writes, "x")) == (401, 401)


def test_what_is_wrong_is_refused_and_tells_nothing(served: Served) -> None:
    served.add("edi", Role.EDITOR)
    served.add("adi", Role.ADMIN)
    served.add("gone", Role.EDITOR)
    served.state.accounts.disable("gone", by=ADMIN)
    token = served.token("ended", Role.EDITOR)
    served.state.tokens.revoke(served.state.tokens.named("ended").id, by=ADMIN)
    answers = {
        ask(served, "GET", REFS % "upload-pack", b"", **headers)[:2]
        for headers in (
            basic("edi", "wrong"),
            basic("nobody", "wrong"),
            basic("gone", PASSWORD),
            basic("x", token),
            basic(token, ""),
            basic("", ""),
            {"Authorization": f"Bearer {token}"},
            {"Authorization": "Basic !!!"},
            {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:x").decode()},
            {"Authorization": "Basic " + base64.b64encode(b"nocolon").decode()},
            {"Authorization": "Digest x"},
            {"Authorization": "Basic"},
            {"Authorization": "Basic " + "A" * 50_000},
        )
    }
    assert [status for status, _ in answers] == [401]


def test_passwords_are_bounded_as_those_of_the_form(content: Repository, tmp_path: Path) -> None:
    with serving(content, tmp_path, login_rate=3) as served:
        served.add("edi", Role.EDITOR)
        for _ in range(3):
            assert ask(served, "GET", REFS % "upload-pack", b"", **basic("edi", "wrong"))[0] == 401
        status, _, headers = ask(served, "GET", REFS % "upload-pack", b"", **basic("edi", PASSWORD))
        assert status == 429
        assert int(headers["retry-after"]) > 0
        assert len(served.state.audit.entries(what="login.failed")[0]) == 3


def test_a_password_that_is_right_begins_no_session_and_is_not_written_down(served: Served) -> None:
    served.add("edi", Role.EDITOR)
    count = audited(served.state)
    for _ in range(30):
        assert ask(served, "GET", REFS % "receive-pack", b"", **basic("edi", PASSWORD))[0] == 200
    assert audited(served.state) == count
    assert [*served.state.sessions.of(served.state.accounts.get("edi"))] == []


def test_a_cookie_is_never_enough(content: Repository, tmp_path: Path) -> None:
    with serving(content, tmp_path, anonymous="nobody") as served:
        served.add("adi", Role.ADMIN)
        cookie = served.state.sessions.begin(served.state.accounts.get("adi"), ADMIN, "a test")
        headers = {"Cookie": f"{cookie_name(served.app)}={cookie}"}
        assert ask(served, "GET", "/-/account", b"", **headers)[0] == 200
        assert may(served, **headers) == (401, 401)


def test_git_shows_why(content: Repository, tmp_path: Path) -> None:
    """It says who asks only where it is asked to: what visitors may, it does as one."""
    with serving(content, tmp_path, anonymous="nobody") as served:
        served.add("rea", Role.READER)
        clone = served.clone(served.url("rea"))
        clone.commit({"a.md": "Pushed.\n"})
        assert "remote: You may read, and not write: only editors can push." in clone.git("push").stderr
        token = served.token("some", Role.EDITOR, reads=("f/**",))
        done = served.try_clone(served.url("x", token), name="no")
        assert "remote: Only who may read every page can clone or push." in done.stderr
        done = served.try_clone(served.url("rea", "wrong"), name="no")
        assert "remote: No account has this name and password, and no program this token." in done.stderr


def test_a_private_wiki_is_cloned_by_who_may_read_it(content: Repository, tmp_path: Path) -> None:
    with serving(content, tmp_path, anonymous="nobody") as served:
        served.add("rea", Role.READER)
        assert served.try_clone(name="no").returncode != 0
        assert served.clone(served.url("rea")).git("rev-parse", "HEAD").returncode == 0
        for path in ("/wiki.git/HEAD", "/wiki.git/info/refs"):
            status, body, _ = ask(served, "GET", path)
            assert status == 404
            assert b"main" not in body


def test_a_proxy_or_another_name_makes_nobody_the_local_person(served: Served) -> None:
    for headers in ({"X_Real_IP": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}, {"Host": "wiki.example.org"}):
        assert may(served, **headers) == (200, 401)
