"""Names that are not what they look like: turned around, spelled with other letters, or with signs that nobody sees."""

import re
import unicodedata
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from engine.access import Role
from engine.ids import BIDI_CONTROLS
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.people import form_token, signed_in

SIGNS = [*sorted(BIDI_CONTROLS), "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\n", "\r", "\t", "\b"]


@pytest.fixture
def editor(client: FlaskClient, commit: Commit, wiki: Wiki) -> FlaskClient:
    commit({"a.md": "# A\n", "b.md": "# B\n", "m.png": b"\x89PNG\r\n\x1a\n"})
    wiki.catch_up()
    return signed_in(client.application, "ada", Role.EDITOR)


def test_no_page_gets_a_name_with_a_sign_that_nobody_sees(editor: FlaskClient, store: MemoryStore) -> None:
    """Neither where it is made, nor by a title, nor where it is moved; nor does a folder, nor a file."""
    token = form_token(editor, "/-/account")
    for sign in SIGNS:
        name = f"gnp{sign}exe"
        editor.post(f"/-/edit/{quote(name)}", data={"csrf": token, "text": "x"})
        editor.post(f"/-/edit/{quote(f'{name}/x')}", data={"csrf": token, "text": "x"})
        for to in (name, f"{name}/x"):
            for what in ("b", "m.png"):
                shown = editor.get(f"/-/rename/{what}", query_string={"to": to})
                seen = shown.text.partition('name="seen" value="')[2].partition('"')[0]
                editor.post(f"/-/rename/{what}", data={"csrf": token, "to": to, "seen": seen})
        led = editor.get("/-/new", query_string={"title": name, "folder": name})
        if led.status_code == 302:
            editor.post(led.headers["Location"], data={"csrf": token, "text": "x"})
    head = store.head()
    assert head is not None
    for entry in store.tree(head):
        assert not set(entry.path) & set(SIGNS), entry.path


TURNED = "\u202egnp.exe\u2066 \u05d0"


def test_a_title_that_turns_around_turns_nothing_else(
    editor: FlaskClient, commit: Commit, wiki: Wiki
) -> None:
    """Wherever a title of others stands among words of the wiki, it is kept apart from them."""
    commit(
        {
            "t.md": f"---\ntitle: '{TURNED}'\naliases: ['{TURNED}x']\ntags: ['{TURNED}']\n---\n[[t]] [[a]]\n",
            "u.md": "[[t]]\n",
        }
    )
    wiki.catch_up()
    for address in (
        "/t",
        "/u",
        "/-/history/t",
        "/-/search?q=gnp",
        "/-/pages",
        "/-/tags",
        "/-/backlinks/t",
        "/-/orphans",
    ):
        text = editor.get(address).text
        for match in re.finditer(re.escape("gnp.exe"), text):
            before = text[: match.start()]
            opened = max(
                before.rfind("<bdi"),
                before.rfind('dir="auto"'),
                before.rfind("<title"),
                before.rfind("<meta"),
            )
            opened = max(opened, before.rfind('="'), before.rfind("<textarea"), before.rfind("<pre"))
            assert opened != -1, address


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("paypal", "p\u0430yp\u0430l"),
        ("llama", "\u217c\u217cama"),
        ("co", "c\u043e"),
        ("scope", "\u0455\u0441\u043e\u0440\u0435"),
        ("A", "\u0391"),
    ],
)
def test_a_page_that_looks_like_another_is_another_or_is_refused(
    editor: FlaskClient, store: MemoryStore, wiki: Wiki, one: str, other: str
) -> None:
    """It never takes the place, the links or the address of the one that it looks like."""
    token = form_token(editor, "/-/account")
    assert editor.post(f"/-/edit/{one}", data={"csrf": token, "text": "the first\n"}).status_code in {
        303,
        409,
        422,
    }
    made = editor.post(f"/-/edit/{other}", data={"csrf": token, "text": "the other\n"})
    wiki.catch_up()
    assert made.status_code in {303, 422}
    shown = editor.get(f"/{one}", follow_redirects=True).text
    assert "the other" not in shown
    sent = {"csrf": token, "path": "links.md", "text": f"[[{one}]]\n"}
    assert quote(other) not in editor.post("/-/preview", data=sent).text


@pytest.mark.parametrize(
    "name",
    ["a\u0301", "\u00e1", "\ufb01", "\u212b", "\u00c5", "A\u030a", "\u1e9b\u0323", "\uac00", "\u1100\u1161", "\U0001f468\u200d\U0001f469", "\u0645\u0646"],
    ids=ascii,
)  # fmt: skip
def test_names_of_one_form_or_another_are_one_page(
    editor: FlaskClient, store: MemoryStore, wiki: Wiki, name: str
) -> None:
    """However Unicode composes a name, there is one page of it, and each spelling leads there."""
    token = form_token(editor, "/-/account")
    assert editor.post(f"/-/edit/{quote(name)}", data={"csrf": token, "text": "one\n"}).status_code == 303
    wiki.catch_up()
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        spelled = unicodedata.normalize(form, name)
        assert "one" in editor.get(f"/{quote(spelled)}", follow_redirects=True).text, form
        again = editor.post(f"/-/edit/{quote(spelled)}", data={"csrf": token, "text": "two\n"})
        assert again.status_code in {409, 422}, form
    assert len(list(store.tree(store.head() or ""))) == 4
