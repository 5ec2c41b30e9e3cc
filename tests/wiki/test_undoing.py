"""Delete, restore, revert, undo in the browser: asked first, shown what will happen, and only for those who may."""

import re
from collections.abc import Callable, Mapping
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from engine.access import ANONYMOUS, Action, Actor, Kind, Role, RolePolicy
from engine.changes import Change, Delete, Put
from engine.model import Author, Name
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.people import form_token, send, signed_in
from tests.repositories import Repository
from tests.states import CHEAP
from wiki import create_app, open_wiki
from wiki.settings import Settings
from wiki.state import State

ADA = Actor(Kind.PERSON, "ada", Role.EDITOR, Author("Ada", "ada@example.org"))
BOB = Actor(Kind.PERSON, "bob", Role.EDITOR, Author("Bob", "bob@example.org"))
ADMIN = Actor(Kind.PERSON, "root", Role.ADMIN, Author("Root", "root@example.org"))
READER = Actor(Kind.PERSON, "rea", Role.READER)
TEN = "".join(f"line {number}\n" for number in range(10))


class HidesBoard(RolePolicy):
    """Only admins see the folder ``board``."""

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        return super().allows(actor, action, name) and (
            actor.role is Role.ADMIN or not name.path.startswith("board/")
        )

    def is_open(self, actor: Actor) -> bool:
        return actor.role is Role.ADMIN

    def scope(self, actor: Actor) -> str:
        return actor.role


@pytest.fixture
def policy() -> RolePolicy:
    return HidesBoard()


class Browser:
    """Somebody who reads pages, and sends the forms that are on them: an editor, unless they are said to be another."""

    def __init__(self, app: Flask, wiki: Wiki, store: MemoryStore) -> None:
        self._app = app
        self._wiki = wiki
        self._store = store
        self._clients: dict[str, FlaskClient] = {}
        self.actor = ADA

    @property
    def client(self) -> FlaskClient:
        name = self.actor.name
        if name not in self._clients:
            made = signed_in(self._app, name, self.actor.role) if name else self._app.test_client()
            self._clients[name] = made
        return self._clients[name]

    def get(self, address: str) -> TestResponse:
        self._wiki.catch_up()
        return self.client.get(address)

    def post(self, address: str, data: Mapping[str, str] | MultiDict[str, str]) -> TestResponse:
        """Send a form; what a form must hold is added where there is none."""
        sent = MultiDict(data)
        if "csrf" not in sent:
            sent.add("csrf", form_token(self.client, "/-/recent") if self.actor.name else "")
        return self.client.post(address, data=sent)

    def send(self, address: str, **changed: str) -> TestResponse:
        """Send the form that is at an address, with some of its fields filled in otherwise."""
        page = self.get(address)
        assert page.status_code == 200, page.text
        action, fields = form(page.text)
        return self.post(action, fields | changed)

    # -- what others do

    def write(self, path: str, text: str, by: Actor = BOB, summary: str = "Write") -> str:
        return self.save(Put(path, text.encode(), self.blob(path)), by=by, summary=summary)

    def delete(self, path: str, by: Actor = BOB) -> str:
        return self.save(Delete(path, self.blob(path) or ""), by=by)

    def save(self, *changes: Change, by: Actor = BOB, summary: str = "Save") -> str:
        made = self._wiki.commit(changes, by, summary).commit
        self._wiki.catch_up()
        return made

    def blob(self, path: str) -> str | None:
        head = self._store.head()
        entry = self._store.entry(head, path) if head else None
        return entry.blob if entry else None

    def files(self) -> dict[str, str]:
        head = self._store.head()
        assert head is not None
        return {entry.path: self._store.read(entry.blob).decode() for entry in self._store.tree(head)}

    def newest(self) -> str:
        """Return what the newest commit says."""
        self._wiki.catch_up()
        with self._wiki.at(ADMIN) as snapshot:
            return snapshot.past.recent().changes[0].revision.summary


def form(html: str) -> tuple[str, dict[str, str]]:
    """Read the form that does something, as a browser does."""
    found = re.search(
        r'<form method="post" action="(?P<action>[^"]*)" class="fields">.*?</form>', html, re.DOTALL
    )
    assert found is not None, html
    fields = re.findall(r'<input[^>]*? name="([^"]*)"(?: type="[^"]*")? value="([^"]*)"', found[0])
    return unescape(found["action"]), {name: unescape(value) for name, value in fields}


@pytest.fixture
def browser(app: Flask, wiki: Wiki, store: MemoryStore) -> Browser:
    wiki.catch_up()
    return Browser(app, wiki, store)


Address = Callable[[Mapping[str, str]], str]
FORMS: Mapping[str, Address] = {
    "delete": lambda at: "/-/delete/a",
    "restore": lambda at: f"/-/restore/a?rev={at['first']}",
    "restore-deleted": lambda at: f"/-/restore/gone?rev={at['gone']}",
    "revert": lambda at: f"/-/revert/{at['second']}",
    "revert-page": lambda at: f"/-/revert/{at['second']}?page=a.md",
    "undo": lambda at: "/-/undo?author=Bob&email=bob@example.org",
}


def told(browser: Browser) -> dict[str, str]:
    """Tell a short story: a page with two revisions, and one that is gone."""
    at = {"gone": browser.write("gone.md", "gone\n")}
    at["deletion"] = browser.delete("gone.md")
    at["first"] = browser.write("a.md", TEN)
    at["second"] = browser.write("a.md", TEN.replace("line 2", "spam"), summary="Spam")
    return at


# -- who may


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("actor", [ANONYMOUS, READER], ids=["anonymous", "reader"])
def test_readers_are_neither_asked_nor_heard(browser: Browser, name: str, actor: Actor) -> None:
    at = told(browser)
    files = browser.files()
    action, fields = form(browser.get(FORMS[name](at)).text)
    browser.actor = actor
    assert browser.get(FORMS[name](at)).status_code == 403
    assert browser.post(action, fields).status_code == 403
    assert browser.files() == files


@pytest.mark.parametrize("name", FORMS)
def test_what_was_asked_is_done_once_it_is_confirmed(browser: Browser, name: str) -> None:
    at = told(browser)
    files = browser.files()
    page = browser.get(FORMS[name](at))
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"] or "ETag" not in page.headers
    assert browser.files() == files
    answer = browser.send(FORMS[name](at), summary="Because")
    assert answer.status_code == 303
    assert browser.newest() == "Because"
    assert browser.files() != files
    assert browser.get(answer.location).status_code == 200


LINKS = {
    "/a": ("/-/delete/a",),
    "/-/history/a": ("/-/restore/a?rev={first}", "/-/revert/{second}?page=a.md"),
    "/-/history/gone": ("/-/restore/gone?rev={gone}",),
    "/gone": ("/-/restore/gone?rev={gone}",),
    "/-/deleted": ("/-/restore/gone?rev={gone}",),
    "/a?rev={first}": ("/-/restore/a?rev={first}",),
    "/-/recent": ("/-/revert/{second}",),
    "/-/by/Bob": ("/-/undo?author=Bob&amp;email=bob%40example.org", "/-/revert/{second}"),
}


@pytest.mark.parametrize("address", LINKS)
def test_the_ways_there_are_shown_to_those_who_may_go_them(browser: Browser, address: str) -> None:
    at = told(browser)
    shown = browser.get(address.format(**at)).text
    for link in LINKS[address]:
        assert f'href="{link.format(**at)}"' in shown
    for actor in (ANONYMOUS, READER):
        browser.actor = actor
        shown = browser.get(address.format(**at)).text
        assert not re.search(r"/-/(?:delete|restore|revert|undo)\b", shown)


# -- delete


def test_a_page_is_deleted_and_can_be_brought_back_from_where_it_was(browser: Browser) -> None:
    browser.write("notes/a.md", "# Plan\n\nText\n")
    browser.write("b.md", "[[notes/a]]\n")
    page = browser.get("/-/delete/notes/a")
    assert "Delete Plan" in page.text
    assert 'href="/b"' in page.text
    assert browser.send("/-/delete/notes/a").location == "/-/deleted"
    assert browser.files() == {"b.md": "[[notes/a]]\n"}
    assert browser.newest() == "Delete notes/a"
    gone = browser.get("/notes/a")
    assert gone.status_code == 404
    back = re.search(r'href="(/-/restore/notes/a\?rev=\w+)"', gone.text)
    assert back is not None
    answer = browser.send(back[1])
    assert (answer.status_code, answer.location) == (303, "/notes/a")
    assert browser.files()["notes/a.md"] == "# Plan\n\nText\n"


def test_a_page_that_was_changed_meanwhile_is_not_deleted(browser: Browser) -> None:
    browser.write("a.md", "one\n")
    action, fields = form(browser.get("/-/delete/a").text)
    browser.write("a.md", "two\n")
    answer = browser.post(action, fields)
    assert answer.status_code == 409
    assert "Somebody has changed it meanwhile" in answer.text
    assert browser.files() == {"a.md": "two\n"}
    action, fields = form(answer.text)
    assert browser.post(action, fields).status_code == 303
    assert browser.files() == {}


def test_a_file_is_deleted_as_a_page_is(browser: Browser) -> None:
    browser.write("m.png", "x")
    assert 'href="/-/delete/m.png"' in browser.get("/-/history/m.png").text
    assert browser.send("/-/delete/m.png").status_code == 303
    assert browser.files() == {}


def test_only_what_is_there_is_deleted(browser: Browser) -> None:
    at = told(browser)
    for text in ("gone", "nowhere", "-x", "--all", "..%2Fa", "a%00"):
        assert browser.get(f"/-/delete/{text}").status_code == 404
        assert browser.post(f"/-/delete/{text}", {"base": at["gone"]}).status_code == 404
    for base in ("", "0" * 40, "--all", at["first"]):
        assert browser.post("/-/delete/a", {"base": base}).status_code == 422
    assert browser.get("/-/delete/A").location == "/-/delete/a"
    assert "a.md" in browser.files()


# -- restore


def test_an_old_revision_is_shown_before_it_comes_back(browser: Browser) -> None:
    at = told(browser)
    page = browser.get(f"/-/restore/a?rev={at['first'][:10]}").text
    assert "1 line added" in page
    assert f"/-/diff/a?from={at['first']}&amp;to=" in page
    assert browser.send(f"/-/restore/a?rev={at['first']}").location == "/a"
    assert browser.files()["a.md"] == TEN
    assert browser.newest() == f"Restore a as of {at['first'][:10]}"


def test_a_page_whose_place_is_taken_comes_back_elsewhere(browser: Browser) -> None:
    first = browser.write("a.md", "old\n")
    browser.delete("a.md")
    browser.write("A.markdown", TEN)
    page = browser.get(f"/-/restore/a.md?rev={first}")
    assert page.status_code == 409
    assert "There is another file at “a.md” now" in page.text
    action, fields = form(page.text)
    assert browser.post(action, fields).status_code == 409
    for unsafe in ("../x", ".git/x", "x//y", "-/../x", "x\\y"):
        answer = browser.post(action, fields | {"to": unsafe})
        assert answer.status_code == 400
        assert f'value="{unsafe}"' in answer.text
    assert browser.post(action, fields | {"to": "old/a"}).location == "/old/a"
    assert browser.files() == {"A.markdown": TEN, "old/a.md": "old\n"}


def test_a_deleted_page_comes_back_as_it_was_last(browser: Browser) -> None:
    told(browser)
    assert browser.send("/-/restore/gone").location == "/gone"
    assert browser.files()["gone.md"] == "gone\n"


def test_a_revision_must_be_named_and_be_one(browser: Browser) -> None:
    at = told(browser)
    assert browser.get("/-/restore/a").status_code == 400
    for rev in ("--all", "-n1", "HEAD", "0" * 40, at["deletion"], "a%00"):
        assert browser.get(f"/-/restore/a?rev={rev}").status_code == 404
        assert browser.post("/-/restore/a", {"rev": rev}).status_code == 404
    assert browser.get(f"/-/restore/a?rev={at['second']}").status_code == 422  # it is so already
    assert browser.get(f"/-/restore/nowhere?rev={at['first']}").status_code == 404


# -- revert


def test_a_change_is_reverted_in_what_others_wrote_since(browser: Browser) -> None:
    at = told(browser)
    browser.write("a.md", TEN.replace("line 2", "spam").replace("line 8", "line eight"))
    page = browser.get(f"/-/revert/{at['second']}").text
    for word in ("Spam", "1 file will change", "1 line added", "1 line removed"):
        assert word in page
    assert browser.send(f"/-/revert/{at['second']}").location == "/a"
    assert browser.files()["a.md"] == TEN.replace("line 8", "line eight")
    assert browser.newest() == "Revert “Spam”"


def test_several_files_are_reverted_together_or_one_alone(browser: Browser) -> None:
    browser.save(Put("a.md", b"a\n", None), Put("b.md", b"b\n", None))
    both = browser.save(Put("a.md", b"A\n", browser.blob("a.md")), Put("b.md", b"B\n", browser.blob("b.md")))
    page = browser.get(f"/-/revert/{both}?page=b.md").text
    assert f'href="/-/revert/{both}"' in page
    assert browser.send(f"/-/revert/{both}?page=b.md").location == "/b"
    assert browser.files() == {"a.md": "A\n", "b.md": "b\n"}
    page = browser.get(f"/-/revert/{both}").text
    assert "1 file will change" in page
    assert "It is so already." in page
    assert browser.send(f"/-/revert/{both}").location == "/a"
    assert browser.files() == {"a.md": "a\n", "b.md": "b\n"}


def test_a_reverted_addition_is_found_among_what_was_deleted(browser: Browser) -> None:
    at = told(browser)
    browser.delete("a.md")
    browser.write("b.md", "b\n")
    added = browser.write("c.md", "c\n")
    assert browser.send(f"/-/revert/{added}").location == "/-/deleted"
    assert (
        browser.get(f"/-/revert/{at['second']}").status_code == 422
    )  # the page is gone, and the change with it


def test_where_edits_touch_the_same_lines_the_reader_chooses(browser: Browser) -> None:
    at = told(browser)
    browser.write("a.md", TEN.replace("line 2", "spam and eggs"))
    page = browser.get(f"/-/revert/{at['second']}")
    assert page.status_code == 200
    assert "It was changed since in the same lines." in page.text
    assert "spam and eggs" in re.sub("<[^>]*>", "", page.text)
    assert 'class="fields">' not in page.text  # there is nothing that could go through
    resolver = page.text[page.text.index('action="/-/edit/a"') :]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', resolver))
    text = re.search(r'<textarea name="text" hidden>\n(.*?)</textarea>', resolver, re.DOTALL)
    assert text is not None
    sent = fields | {"text": unescape(text[1]), "choice-1": "ours", "summary": "No spam", "action": "resolve"}
    assert browser.post("/-/edit/a", sent).status_code == 303
    assert browser.files()["a.md"] == TEN
    assert browser.newest() == "No spam"


def test_of_a_page_that_others_wrote_in_the_addition_is_not_reverted(browser: Browser) -> None:
    at = told(browser)
    page = browser.get(f"/-/revert/{at['first']}").text
    assert "Taking it back would delete what they wrote" in page
    assert 'href="/-/delete/a"' in page


def test_what_was_changed_after_it_was_shown_is_shown_again(browser: Browser) -> None:
    at = told(browser)
    action, fields = form(browser.get(f"/-/revert/{at['second']}").text)
    browser.write("a.md", TEN.replace("line 2", "spam and eggs"))
    answer = browser.post(action, fields)
    assert answer.status_code == 409
    assert "The wiki has moved on since you were shown this" in answer.text
    assert "spam and eggs" in browser.files()["a.md"]
    for seen in ("", "x"):
        assert browser.post(action, fields | {"seen": seen}).status_code == 409


@pytest.mark.parametrize(
    "commit", ["--all", "-n", "HEAD", "main", "0" * 40, "%00", "a" * 5_000, "..", "%2e%2e"]
)
def test_only_what_names_a_commit_is_reverted(browser: Browser, commit: str) -> None:
    told(browser)
    assert browser.get(f"/-/revert/{commit}").status_code == 404
    assert browser.post(f"/-/revert/{commit}", {}).status_code == 404


def test_a_page_that_a_commit_left_alone_is_not_reverted_by_it(browser: Browser) -> None:
    at = told(browser)
    for page in ("gone", "-x", "--", "a%00"):
        assert browser.get(f"/-/revert/{at['second']}?page={page}").status_code == 404


# -- undo


def test_what_an_author_did_is_shown_page_by_page_and_taken_back(browser: Browser) -> None:
    browser.write("a.md", TEN, by=ADMIN)
    since = browser.write("a.md", f"{TEN}spam\n")
    browser.write("a.md", f"{TEN}spam\nspam\n")
    browser.write("b.md", "spam\n")
    page = browser.get("/-/undo?author=Bob&email=bob@example.org").text
    for words in (
        "3 changes are taken back.",
        "2 files will change",
        "2 changes are taken back",
        "Is deleted",
    ):
        assert words in page
    assert browser.send(f"/-/undo?author=Bob&email=bob@example.org&since={since}").location == "/-/recent"
    assert browser.files() == {"a.md": TEN}
    assert browser.newest() == f"Undo what Bob did since {since}"
    answer = browser.get("/-/undo?author=Bob&email=bob@example.org")
    assert answer.status_code == 422
    assert "Nothing that Bob did is left to undo." in answer.text


def test_pages_with_conflicts_are_left_and_told(browser: Browser) -> None:
    browser.write("a.md", TEN, by=ADMIN)
    browser.write("a.md", TEN.replace("line 2", "spam"))
    browser.write("a.md", TEN.replace("line 2", "spam and eggs"), by=ADMIN)
    browser.write("b.md", "spam\n")
    page = browser.get("/-/undo?author=Bob&email=bob@example.org").text
    assert "1 file stays as it is" in page
    assert "Without the change" in page
    browser.send("/-/undo?author=Bob&email=bob@example.org")
    assert browser.files() == {"a.md": TEN.replace("line 2", "spam and eggs")}


def test_a_day_is_asked_for_and_must_be_one(browser: Browser) -> None:
    told(browser)
    ask = "/-/undo?author=Bob&email=bob@example.org&since="
    assert 'value="2020-01-31"' in browser.get(f"{ask}2020-01-31").text
    assert browser.get(f"{ask}2999-01-01").status_code == 422
    for wrong in ("31-01-2020", "--since", "2020-13-01", "-"):
        assert browser.get(f"{ask}{wrong}").status_code == 400
    for unknown in ("yesterday", "0" * 40, "HEAD"):
        assert browser.get(f"{ask}{unknown}").status_code == 404
    assert browser.get("/-/undo").status_code == 400


@pytest.mark.parametrize("author", ["--all", "-", "%", "%00", "Bob%00", "A" * 5_000, "bob", "Bob%20"])
def test_an_author_is_told_exactly(browser: Browser, author: str) -> None:
    told(browser)
    assert browser.get(f"/-/undo?author={author}&email=bob@example.org").status_code == 422
    assert browser.get("/-/undo?author=Bob&email=").status_code == 422


# -- forms that nobody made


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_taken_only_from_whom_it_was_shown_to(browser: Browser, name: str) -> None:
    at = told(browser)
    files = browser.files()
    action, fields = form(browser.get(FORMS[name](at)).text)
    for token in ("", "x"):
        assert browser.post(action, fields | {"csrf": token}).status_code == 403
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert browser.client.post(action, data=fields, headers=elsewhere).status_code == 403
    browser.actor = BOB
    assert browser.post(action, fields).status_code == 403
    assert browser.files() == files


@pytest.mark.parametrize(
    "address",
    [
        "/-/restore/a?rev={first}&rev={second}",
        "/-/revert/{second}?page=a.md&page=b.md",
        "/-/undo?author=Bob&author=Ada&email=bob@example.org",
        "/-/undo?author=Bob&email=bob@example.org&email=x",
        "/-/undo?author=Bob&email=bob@example.org&since=&since=2020-01-01",
    ],
)
def test_what_is_said_twice_is_not_understood(browser: Browser, address: str) -> None:
    at = told(browser)
    assert browser.get(address.format(**at)).status_code == 400


@pytest.mark.parametrize("name", FORMS)
def test_a_field_that_is_sent_twice_is_not_understood(browser: Browser, name: str) -> None:
    at = told(browser)
    files = browser.files()
    action, fields = form(browser.get(FORMS[name](at)).text)
    for key in fields.keys() - {"csrf"}:
        sent = MultiDict([*fields.items(), (key, "other")])
        assert browser.post(action, sent).status_code == 400
    assert browser.files() == files


@pytest.mark.parametrize("name", FORMS)
def test_no_address_does_anything_by_being_read(browser: Browser, name: str) -> None:
    at = told(browser)
    files = browser.files()
    address = FORMS[name](at)
    joined = f"{address}{'&' if '?' in address else '?'}confirm=1&action=save&summary=x"
    assert browser.get(joined).status_code == 200
    assert browser.files() == files


# -- what is hidden


def test_what_is_hidden_is_neither_told_nor_changed(browser: Browser) -> None:
    browser.save(Put("a.md", b"a\n", None), Put("board/plan.md", b"plan\n", None), by=ADMIN)
    both = browser.save(
        Put("a.md", b"A\n", browser.blob("a.md")),
        Put("board/plan.md", b"PLAN\n", browser.blob("board/plan.md")),
        by=ADMIN,
    )
    secret = browser.write("board/plan.md", "secret\n", by=ADMIN)
    browser.write("c.md", "c\n")
    for address in (
        f"/-/revert/{secret}",
        f"/-/revert/{both}?page=board/plan.md",
        f"/-/restore/board/plan?rev={both}",
        "/-/delete/board/plan",
    ):
        assert browser.get(address).status_code == 404
        assert browser.post(address, {"rev": both, "page": "board/plan.md"}).status_code == 404
    page = browser.get(f"/-/revert/{both}").text
    assert "board" not in page
    page = browser.get("/-/undo?author=Root&email=root@example.org").text
    assert "board" not in page
    browser.send("/-/undo?author=Root&email=root@example.org")
    assert browser.files() == {"board/plan.md": "secret\n", "c.md": "c\n"}


def test_settings_are_reverted_by_admins_alone(browser: Browser) -> None:
    browser.save(Put("a.md", b"a\n", None), Put("quire.toml", b'title = "T"\n', None), by=ADMIN)
    both = browser.save(
        Put("a.md", b"A\n", browser.blob("a.md")),
        Put("quire.toml", b'title = "U"\n', browser.blob("quire.toml")),
        by=ADMIN,
    )
    assert "You may not change it." in browser.get(f"/-/revert/{both}").text
    browser.send(f"/-/revert/{both}")
    assert browser.files() == {"a.md": "a\n", "quire.toml": 'title = "U"\n'}
    browser.actor = ADMIN
    browser.send(f"/-/revert/{both}")
    assert browser.files() == {"a.md": "a\n", "quire.toml": 'title = "T"\n'}


def test_names_that_hold_html_are_text(browser: Browser) -> None:
    evil = Actor(Kind.PERSON, "x", Role.EDITOR, Author("<script>x</script>", "<b>@x"))
    made = browser.write('<img src="x">.md', "x\n", by=evil, summary="<script>y</script>")
    addresses = (
        f"/-/revert/{made}",
        "/-/undo?author=%3Cscript%3Ex%3C/script%3E&email=%3Cb%3E@x",
        "/-/delete/%3Cimg%20src=%22x%22%3E",
        f"/-/revert/{made}?page=%3Cimg%20src=%22x%22%3E",
    )
    for address in addresses:
        page = browser.get(address)
        assert page.status_code in {200, 422}
        for tag in ("<script>x", "<script>y", '<img src="x"', "<b>@"):
            assert tag not in page.text


def test_what_only_git_could_save_is_restored_in_the_browser(repository: Repository, tmp_path: Path) -> None:
    text = "# Large\n\n" + "many words\n" * 100
    first = repository.commit({"large.md": text, "a.md": "# A\n"})
    repository.commit({"a.md": "# A\n"}, first)
    settings = Settings(
        repository=str(repository.path), page_bytes=500, processes=1, data=str(tmp_path / "state")
    )
    wiki = open_wiki(settings)
    try:
        wiki.catch_up()
        app = create_app(settings, wiki, State(tmp_path / "state", hashing=CHEAP, lasting=False))
        editor = signed_in(app, "ada", Role.EDITOR)
        assert editor.get(f"/-/restore/large?rev={first}").status_code == 200
        page = f"/-/restore/large?rev={first}"
        answer = send(editor, "/-/restore/large", page, rev=first, to="larger")
        assert (answer.status_code, answer.location) == (303, "/larger")
        assert editor.get("/larger.md").text == text
        wiki.catch_up()
        deleted = fields_of(editor.get("/-/delete/larger").text)
        assert editor.post("/-/delete/larger", data=deleted).status_code == 303
        wiki.catch_up()
        last = repository.git("rev-parse", "HEAD").strip()
        answer = editor.post(f"/-/revert/{last}", data=fields_of(editor.get(f"/-/revert/{last}").text))
        assert answer.status_code == 303
        assert editor.get("/larger.md").text == text
        edited = fields_of(editor.get("/-/edit/larger").text) | {"text": f"{text}more\n"}
        assert editor.post("/-/edit/larger", data=edited).status_code == 413
    finally:
        wiki.close()


def fields_of(html: str) -> dict[str, str]:
    """Return the hidden fields of a page's forms."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', html)
    return {name: unescape(value) for name, value in found}


LONG = f"{'d' * 250}/{'e' * 250}/{'f' * 250}"


def test_paths_are_read_whole(browser: Browser) -> None:
    browser.write(f"{LONG}.md", "one\n")
    browser.write("a.md", "a\n")
    made = browser.save(
        Put(f"{LONG}.md", b"two\n", browser.blob(f"{LONG}.md")), Put("a.md", b"b\n", browser.blob("a.md"))
    )
    assert browser.send(f"/-/revert/{made}?page={LONG}.md").status_code == 303
    assert browser.files() == {f"{LONG}.md": "one\n", "a.md": "b\n"}
    browser.delete(f"{LONG}.md")
    browser.delete("a.md")
    answer = browser.send(f"/-/restore/a?rev={made}", to=f"{LONG}x")
    assert answer.status_code == 303
    assert browser.files() == {f"{LONG}x.md": "b\n"}
    _, fields = form(browser.get(f"/-/restore/{LONG}").text)
    refused = browser.post(f"/-/restore/{LONG}", fields | {"to": "x" * 1_025})
    assert refused.status_code == 400
