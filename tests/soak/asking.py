"""Every route and every form, asked for with whatever can be thought of: it answers, and the repository stays sound.

Which words a view reads is found in its source, so that none is forgotten.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from engine.access import Role
from tests.hostile.conftest import PNG, Ground, make_ground
from tests.hostile.test_options import NAMES as REVISIONS
from tests.hostile.test_options import OPTIONS
from tests.hostile.test_traversal import OUT
from tests.people import cookie_name
from tests.states import ADMIN, PASSWORD
from tests.wiki.test_matrix import POST
from wiki import cookies, csrf
from wiki.state.accounts import Account
from wiki.state.errors import UnknownError

SOURCE = "\n".join(path.read_text() for path in sorted((Path(__file__).parents[2] / "wiki").rglob("*.py")))
FIELDS = sorted({*re.findall(r'\b(?:\w+_)?field\(\s*f?"([\w-]+)', SOURCE)})
ARGUMENTS = sorted(
    {
        *re.findall(r'args(?:\.get|\.getlist)?[(\[]\s*"(\w+)"', SOURCE),
        *re.findall(r'\b(?:argument|whole_number|one_of|query_text)\(\s*"(\w+)"', SOURCE),
        *("q", "rev", "seen", "unused", "part"),
    }
)
NUMBERED = ("choice-", "pending-", "original-", "name-", "base-", "path-")

PEOPLE = {
    "visitor": None, "reader": Role.READER, "editor": Role.EDITOR, "admin": Role.ADMIN,
}  # fmt: skip

WORDS = [
    "", "a", "b", "f/c", "f/", "f", "m.png", "gone", "a.md", "A", "new page", "n/new.md", "sidebar", "quire.toml", "index",
    "ada", "root", "reader", "editor", "admin", "nobody", "Ada", "save", "preview", "changes", "resolve", "by-hand", "nothing",
    "alias", "redirect", "replace", "keep", "leave-out", "yes", "1", "0", "-1", "2", "999", "1e9", "add", "create", "revoke",
    "enable", "disable", "remove", "role", "reset", "rewrite", "ours", "theirs", "both", "split", "unified", "no", "sure",
    "2026-01-01", "2026-13-99", "0001-01-01T00:00:00+23:59", "9999-12-31", "HEADID", "FIRSTID", "BLOBID", PASSWORD, "de", "xx",
    "**", "f/**", "a,b", "160", "320", "# A\n\nThree.\n", "---\ntitle: x\n---\n[[a]]\n", "---\n: [\n---\n", "![[a]]\n\n[^1]\n", "\ufeffx\r\ny\r",
    *OUT, *OPTIONS, *REVISIONS,
]  # fmt: skip
LIKELY_PATHS = {
    "edit.save": "/-/edit/a", "moving.move": "/-/rename/b", "deleting.deleted": "/-/delete/a",
    "deleting.restored": "/-/restore/gone", "protecting.protect": "/-/protect/f/c",
}  # fmt: skip
SHOWN = {
    "moving.move": ("to", "leave"),
    "undoing.reverted": ("page",),
    "undoing.undone": ("author", "email", "since"),
}
"""Forms that are taken only with what tells that their outcome was shown, and what that depends on."""
LIKELY = {
    "edit.save": {"text": "# A\n\nThree.\n", "base": "BLOBID"},
    "moving.move": {"to": "n/moved", "leave": "redirect"},
    "deleting.deleted": {"base": "BLOBID"},
    "deleting.restored": {"rev": "FIRSTID"},
    "undoing.undone": {"author": "ada", "email": "ada@localhost"},
    "uploads.upload": {"folder": "n"},
}
LOGINS = {"reader": "rea", "editor": "ada", "admin": "root"}
RANGES = [
    "",
    "bytes=0-",
    "bytes=0-3",
    "bytes=9-1",
    "bytes=-1",
    "bytes=0-1,3-4",
    "x=1-2",
    "bytes=99999999999999999999-",
]
ACCEPT = ["text/html", "application/json", "text/markdown", "*/*", "", "image/*;q=x", "text/html;q=0", ";;,"]
TYPES = re.compile(r"[a-z]+/[a-z0-9.+-]+(?:; charset=[a-z0-9-]+)?")
EMPTY = {204, 301, 302, 303, 304}

value = st.one_of(st.sampled_from(WORDS), st.text(max_size=40))
part = st.one_of(st.sampled_from(WORDS), st.text(min_size=1, max_size=30), st.binary(min_size=1, max_size=12))


@dataclass
class Asker:
    """Asks all routes of one application."""

    ground: Ground
    asked: int = 0
    head: str | None = None
    told: dict[int, int] = field(default_factory=dict)  # how often each status was the answer

    def rules(self) -> Sequence[tuple[Rule, str]]:
        found = self.ground.app.url_map.iter_rules()
        return [
            (rule, method)
            for rule in found
            for method in ("GET", "POST")
            if rule.methods is None or method in rule.methods
        ]

    def person(self, who: str) -> tuple[FlaskClient, str]:
        """Return a browser of somebody, and what a form of theirs must hold."""
        app, state, role = self.ground.app, self.ground.state, PEOPLE[who]
        client = app.test_client()
        if role is None:
            kind, held = cookies.VISIT, "a visit"
        else:
            kind, held = (
                cookies.SESSION,
                state.sessions.begin(self._account(LOGINS[who], role), ADMIN, "a test"),
            )
        client.set_cookie(cookie_name(app, kind), held)
        return client, state.signing.sign(csrf.PURPOSE, held)

    def _account(self, login: str, role: Role) -> Account:
        """Return an account as it was before anybody changed it."""
        accounts = self.ground.state.accounts
        try:
            found = accounts.get(login)
        except UnknownError:
            return accounts.add(login, role=role, password=PASSWORD, by=ADMIN)
        if found.disabled:
            accounts.enable(login, by=ADMIN)
        if found.role is not role:
            accounts.set_role(login, role, by=ADMIN)
        return accounts.get(login)

    def filled(self, text: str) -> str:
        """Put what only this repository knows into a word."""
        if text == "HEADID":
            return self.ground.head
        if text == "FIRSTID":
            return self.ground.repository.git("rev-list", "--max-parents=0", "main").partition("\n")[0]
        return self.ground.blob(self.ground.paths()[0]) if text == "BLOBID" else text

    def ask(self, data: st.DataObject, rule: Rule, method: str) -> None:
        """Ask for one route once as everybody, and check the answers."""
        path = "".join(self._part(data, rule))
        if method == "POST" and data.draw(st.booleans()):
            path = LIKELY_PATHS.get(rule.endpoint, path)
        query = self._words(data, ARGUMENTS, 3)
        headers = {"Accept": data.draw(st.sampled_from(ACCEPT)), "Range": data.draw(st.sampled_from(RANGES))}
        fields = self._fields(data, rule.endpoint) if method == "POST" else []
        file = data.draw(st.tuples(value, st.sampled_from([PNG, b"", b"<svg/>"])))
        for who in PEOPLE:
            client, token = self.person(who)
            form = MultiDict[str, Any](
                [*fields, *self._seen(client, rule, path, fields), (csrf.FIELD, token)]
            )
            if rule.endpoint == "uploads.upload":
                form.add("file", (BytesIO(file[1]), self.filled(file[0]) or "x.png"))
            answer = client.open(
                "/",
                method=method,
                query_string=MultiDict(query),
                headers=headers,
                data=form if method == "POST" else None,
                environ_overrides={"PATH_INFO": path},
            )
            if method == "POST" and self.ground.wiki.head() != self.head:
                self.ground.wiki.catch_up()
                self.head = self.ground.wiki.head()
            self.check(answer, f"{who} {method} {path!r} {query} {headers} {fields} {file}")

    def _seen(
        self, client: FlaskClient, rule: Rule, path: str, fields: list[tuple[str, str]]
    ) -> list[tuple[str, str]]:
        """Return what a form has that confirms what was shown; mostly there is none."""
        if rule.endpoint not in SHOWN or "seen" in dict(fields):
            return []
        asked = MultiDict([each for each in fields if each[0] in SHOWN[rule.endpoint]])
        shown = client.get("/", query_string=asked, environ_overrides={"PATH_INFO": path})
        return [("seen", found) for found in re.findall(r'name="seen" value="(\w+)"', shown.text)[:1]]

    def _part(self, data: st.DataObject, rule: Rule) -> Iterator[str]:
        for literal, name in re.findall(r"([^<]*)(?:<(?:\w+:)?(\w+)>)?", rule.rule):
            yield literal
            if name == "width":
                yield data.draw(st.sampled_from(["160", "320", "1", "99999999999"]))
            elif name:
                drawn = data.draw(part)
                raw = drawn if isinstance(drawn, bytes) else self.filled(drawn).encode()
                yield raw.decode("latin-1")

    def _words(self, data: st.DataObject, names: Sequence[str], most: int) -> list[tuple[str, str]]:
        drawn = data.draw(st.lists(st.tuples(st.sampled_from(names), value), max_size=most))
        return [(name, self.filled(text)) for name, text in drawn]

    def _fields(self, data: st.DataObject, endpoint: str) -> list[tuple[str, str]]:
        names = [*FIELDS, *(f"{name}{number}" for name in NUMBERED for number in (1, 2))]
        fields = self._words(data, _own_fields(endpoint) or names, 6) + self._words(data, names, 1)
        if data.draw(st.booleans()):  # what the form needs to be taken, where nothing else was drawn for it
            needed = {name: text for name, text in POST[endpoint].fields.items() if isinstance(text, str)}
            needed |= LIKELY.get(endpoint, {})
            fields = [*({name: self.filled(text) for name, text in needed.items()} | dict(fields)).items()]
        # What stands there twice is refused at once: mostly each stands there once.
        return [*dict(fields).items()] if data.draw(st.integers(0, 9)) else fields

    def check(self, answer: TestResponse, asked: str) -> None:
        """It is an answer that a browser can show, and no failure."""
        self.asked += 1
        code = answer.status_code
        self.told[code] = self.told.get(code, 0) + 1
        assert code < 500 or (code == 503 and "preview-image" in asked), (code, asked)
        assert "Traceback (most recent" not in answer.text, asked
        if code not in EMPTY:
            assert TYPES.fullmatch(answer.headers["Content-Type"].lower()), (
                asked,
                answer.headers["Content-Type"],
            )
        location = answer.headers.get("Location", "/x")
        assert location[0] in "/?", (asked, location)
        assert location[1:2] not in {"/", "\\"} or len(location) == 1, (asked, location)

    def finish(self) -> None:
        """The repository is sound, and holds only what somebody may write, whole."""
        repository = self.ground.repository
        repository.check()
        assert repository.git("status", "--porcelain") == ""
        assert not [path for path in (repository.path / ".git").glob("*.lock") if "quire" not in path.name]
        marks = repository.git("log", "-p", "--format=%H", "main")
        assert not re.search(r"^\+(?:<<<<<<<|>>>>>>>)", marks, re.MULTILINE)
        authors = set(repository.git("log", "--format=%an", "main").split("\n"))
        assert "rea" not in authors


@cache
def _own_fields(endpoint: str) -> list[str]:
    """Return the fields that stand in the source of a view's own module."""
    module = endpoint.partition(".")[0]
    folder = "transport" if module == "smart_http" else "views"
    source = (Path(__file__).parents[2] / "wiki" / folder / f"{module}.py").read_text()
    return sorted({*re.findall(r'\b(?:\w+_)?field\(\s*f?"([\w-]+)', source)})


def check_routes(folder: Path, examples: int) -> Asker:
    """Ask for all routes, as everybody, so many times each; `AssertionError` where an answer is none.

    Args:
        folder: Where the repository is made.
        examples: How often each route is asked for by each.
    """
    with make_ground(folder) as ground:
        asker = Asker(ground)
        for rule, method in asker.rules():
            _ask(asker, rule, method, examples)
        asker.finish()
    return asker


def _ask(asker: Asker, rule: Rule, method: str, examples: int) -> None:
    # What fails is told whole, and not made smaller: each try writes on in the repository.
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        random.seed()  # Hypothesis lets chance repeat itself; Whoosh names files by it, each of which must be new
        asker.ask(data, rule, method)

    ask()
