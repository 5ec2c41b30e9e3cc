"""What somebody types is never an option of git, and never a name that git would look up: only what it says."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from tests.hostile.conftest import Ground, Started, make_ground

MARK = "touched-by-an-option"
OPTIONS = [
    f"--output={MARK}", "--output", f"-o{MARK}", "-p", "--all", "--exec=id", f"-O{MARK}", f"--open-files-in-pager={MARK}",
    f"--upload-pack=touch {MARK}", "--no-index", "--contents=/etc/passwd", "--git-dir=/", "-c core.pager=id", "--", "-",
    "--end-of-options", "-1", "--help", "--since=1", "-S/etc/passwd", f"--output-directory={MARK}", "\u2013\u2013output=x",
]  # fmt: skip
NAMES = [
    "HEAD", "main", "@", "@{u}", "@{-1}", "HEAD~1", "HEAD^", "HEAD^{tree}", "HEAD:a.md", ":/Two", ":a.md", "main..main",
    "^main", "refs/heads/main", "../refs/heads/main", "main@{1 day ago}", "main -- a.md", "main\n--output=x", "main\0",
    "0" * 41, "g" * 40, "0" * 64, "\uff10" * 40, "$(touch x)", "`id`", ";id", "|id", "*", "[a-f]*", "%s", "' OR 1=1 --",
]  # fmt: skip
UNKNOWN = "0123456789" * 4

READ: Mapping[str, Callable[[Ground, str], TestResponse]] = {
    "page": lambda g, text: g.editor.get("/a", query_string={"rev": text}),
    "Markdown": lambda g, text: g.editor.get("/a.md", query_string={"rev": text}),
    "file": lambda g, text: g.editor.get("/m.png", query_string={"rev": text}),
    "history": lambda g, text: g.editor.get("/-/history/a", query_string={"at": text}),
    "from": lambda g, text: g.editor.get("/-/diff/a", query_string={"from": text, "to": g.head}),
    "to": lambda g, text: g.editor.get("/-/diff/a", query_string={"from": g.head, "to": text}),
    "blame": lambda g, text: g.editor.get("/-/blame/a", query_string={"rev": text}),
    "restore": lambda g, text: g.editor.get("/-/restore/a", query_string={"rev": text}),
    "undo": lambda g, text: g.editor.get("/-/undo", query_string={"author": "Ada", "since": text}),
    "author": lambda g, text: g.editor.get("/-/undo", query_string={"author": text}),
    "address": lambda g, text: g.editor.get("/-/undo", query_string={"author": "Ada", "email": text}),
    "commit": lambda g, text: g.editor.get(f"/-/commit/{quote(text, safe='')}"),
    "cursor": lambda g, text: g.editor.get("/-/changes", query_string={"since": text, "wait": "1"}),
    "path of changes": lambda g, text: g.editor.get("/-/changes", query_string={"path": text}),
    "recent": lambda g, text: g.editor.get("/-/recent", query_string={"author": text}),
    "section": lambda g, text: g.editor.get("/-/edit/a", query_string={"section": text}),
    "search": lambda g, text: g.editor.get("/-/search", query_string={"q": text}),
    "suggestion": lambda g, text: g.editor.get("/-/suggest", query_string={"q": text}),
    "deleted after": lambda g, text: g.editor.get("/-/deleted", query_string={"after": text}),
    "restore by form": lambda g, text: g.post(g.editor, "/-/restore/a", rev=text),
    "revert by form": lambda g, text: g.post(g.editor, f"/-/revert/{g.head}", page=text, seen="x"),
    "undo by form": lambda g, text: g.post(g.editor, "/-/undo", author="Ada", since=text, seen="x"),
    "undo of an author": lambda g, text: g.post(g.editor, "/-/undo", author=text, email=text, seen="x"),
    "base of an edit": lambda g, text: g.post(g.editor, "/-/edit/a", text="mine\n", base=text),
    "base of a section": lambda g, text: g.post(g.editor, "/-/edit/a", text="x", base=text, section="a"),
    "base of a preview": lambda g, text: g.post(
        g.editor, "/-/preview", path="a.md", text="x", base=text, section="a"
    ),
    "base of a comparison": lambda g, text: g.post(
        g.editor, "/-/edit/a", text="x", base=text, action="changes"
    ),
    "conflict": lambda g, text: g.post(
        g.editor, "/-/edit/a", text="x", base=text, theirs=text, action="resolve"
    ),
    "base of a deletion": lambda g, text: g.post(g.editor, "/-/delete/a", base=text),
    "base of a file": lambda g, text: g.post(
        g.editor, "/-/media", **{"pending-1": text, "choice-1": "replace", "path-1": "m.png", "base-1": text}
    ),
}
AS_UNKNOWN = ("page", "Markdown", "file", "history", "from", "to", "blame", "restore", "restore by form")
"""Where a revision is asked for: what names none is answered as one that there is not."""


def is_told(text: str, argument: str) -> bool:
    """Say whether a program was told *text*, alone or within another word."""
    return argument == text or (len(text) > 4 and text in argument)


@pytest.mark.parametrize("where", READ)
def test_what_is_typed_is_no_option_and_no_revision_of_git(
    ground: Ground, started: Started, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, before = ground.head, ground.outside()
    unknown = READ[where](ground, UNKNOWN).status_code
    monkeypatch.chdir(tmp_path)
    started.commands.clear()
    for text in (*OPTIONS, *NAMES):
        answer = READ[where](ground, text)
        assert answer.status_code < 500, (text, answer.status)
        assert "root:x:" not in answer.text, text
        if where in AS_UNKNOWN and text.strip("\0 "):
            assert answer.status_code == unknown == 404, text
        # What the test itself asks for its head is none of the wiki's.
        commands = [each for each in started.commands if each[:2] != ["git", "rev-parse"]]
        assert not [each for each in commands if any(is_told(text, word) for word in each)], text
        started.commands.clear()
    assert ground.head == head
    assert ground.outside() == before
    assert os.listdir(tmp_path) == []  # noqa: PTH208


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with make_ground(tmp_path_factory.mktemp("own")) as made:
        yield made


@pytest.mark.parametrize("name", ["--output=x", "-p", "--", "--exec=id", ":(glob)*", "@", "HEAD", "-f/-x"])
def test_a_page_may_be_called_like_an_option(own: Ground, name: str) -> None:
    """It is made, shown, compared, blamed, renamed, deleted and brought back as any other."""
    own.wiki.catch_up()
    made = own.post(own.editor, f"/-/edit/{name}", text="# T\n\nOne.\n", summary=name)
    assert made.status_code == 303, made.status
    assert f"{name}.md" in own.paths()
    first = own.head
    own.post(own.editor, f"/-/edit/{name}", text="# T\n\nTwo.\n", base=own.blob(f"{name}.md"), summary=name)
    own.wiki.catch_up()
    assert "Two." in own.editor.get(f"/{name}").text
    for place in ("history", "diff", "blame", "delete", "rename"):
        assert own.editor.get(f"/-/{place}/{name}").status_code == 200, place
    assert "One." in own.editor.get(f"/{name}.md", query_string={"rev": first}).text
    assert own.post(own.editor, f"/-/delete/{name}", base=own.blob(f"{name}.md")).status_code == 303
    own.wiki.catch_up()
    assert f"{name}.md" not in own.paths()
    assert own.post(own.editor, f"/-/restore/{name}", rev=first).status_code == 303
    assert own.repository.git("show", f"main:{name}.md") == "# T\n\nOne."
    assert own.repository.git("status", "--porcelain") == ""
    own.wiki.catch_up()


@pytest.mark.parametrize("name", ["--author=x", "-x"])
def test_somebody_may_be_called_like_an_option(own: Ground, name: str) -> None:
    profile = {"name": name, "email": "", "language": ""}
    assert own.post(own.editor, "/-/account/profile", **profile).status_code == 303
    own.post(own.editor, "/-/edit/b", text=f"By {name}.\n", base=own.blob("b.md"), summary=f"{name} wrote")
    own.wiki.catch_up()
    said = own.repository.git("log", "-1", "--format=%an|%ae|%s", "main")
    assert said in {f"{name}|ada@localhost|{name} wrote", f"ada|ada@localhost|{name} wrote"}
    assert own.editor.get(f"/-/by/{name}").status_code in {200, 404}
    own.repository.check()


@pytest.mark.parametrize(
    "text",
    [
        "x\nQuire-Actor: root", "x\r\n\r\nQuire-Moved: a.md b.md", "x\n\nQuire-Key: 1", "x\0y", "\n\nQuire-Actor: root",
        "x\u2028Quire-Actor: root", "Signed-off-by: root\n\nQuire-Actor: root", "x" * 5_000,
    ],
    ids=ascii,
)  # fmt: skip
def test_a_summary_forges_nothing_that_a_commit_says(own: Ground, text: str) -> None:
    """The last paragraph of a message is the wiki's: whatever the summary, it names who did it, once."""
    base = own.blob("b.md")
    own.post(own.editor, "/-/edit/b", text=f"{len(text)} {text[:9]!r}\n", base=base, summary=text)
    assert own.blob("b.md") != base
    message = own.repository.git("log", "-1", "--format=%B", "main")
    paragraph = message.strip().rpartition("\n\n")[2]
    assert "Quire-Actor: ada" in paragraph.split("\n")
    assert "Quire-Actor: root" not in paragraph
    assert "Quire-Moved" not in paragraph
    assert "Quire-Key" not in paragraph
    author = own.repository.git("log", "-1", "--format=%an", "main")
    assert author in {"ada", "-x", "--author=x"}
    own.wiki.catch_up()


def test_a_cookie_is_no_path_and_no_option(ground: Ground) -> None:
    for text in (*OPTIONS, "../../etc/passwd", "\0", "x" * 10_000):
        client = ground.app.test_client()
        client.environ_base["HTTP_COOKIE"] = "; ".join(
            f"{name}={text}" for name in ("quire-session", "quire-session-x", "quire_saved")
        )
        assert client.get("/a").status_code == 200
        assert client.get("/-/account").status_code == 302
