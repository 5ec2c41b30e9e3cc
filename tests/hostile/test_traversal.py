"""No path that somebody types or links to leads out of the repository, however it is written, wherever it is typed."""

from collections.abc import Callable, Mapping
from io import BytesIO
from urllib.parse import quote, urlencode

import pytest
from werkzeug.test import TestResponse

from tests.hostile.conftest import PNG, SECRET, Ground

OUT = [
    "../secret", "/../secret", "f/../../secret", "..\\secret", "f\\..\\..\\secret", "%2e%2e/secret", "..%2fsecret",
    "..%5csecret", "..\0/secret", "../secret\0.md", "\uff0e\uff0e\uff0fsecret", "\u2024\u2024/secret", "..\u200d/secret",
    "..\u202e/secret", ".. /secret", "file:///etc/passwd", "//etc/passwd", "C:\\secret", ".git/config", ".GIT/config",
    "f/.git/config", "git~1/config", ".git /config", ".g\u200cit/config", ".git::$INDEX_ALLOCATION/config", "-/secret",
    "wiki.git/config",
]  # fmt: skip
"""Ways out of a folder, and into what is not for pages."""

UP = [
    *OUT, "..//secret", "\\..\\secret", "%252e%252e%252fsecret", "..%c0%afsecret", "....//secret", "..;/secret",
    "..\u2215secret", ".../../secret", "\\\\host\\secret", "~/secret", "-/static/secret",
]  # fmt: skip
"""The same and more, for what only reads."""

LEAKS = (SECRET, "root:x:", "repositoryformatversion")


def asked(ground: Ground, address: str) -> TestResponse:
    """Ask for an address as it is written, as no browser does."""
    path, _, query = address.partition("?")
    raw = path.encode("utf-8", "surrogatepass").decode("latin-1")
    return ground.editor.open("/", environ_overrides={"PATH_INFO": raw, "QUERY_STRING": query})


READ: Mapping[str, Callable[[str], str]] = {
    "page": lambda text: f"/{text}",
    "Markdown": lambda text: f"/{text}.md",
    "old page": lambda text: f"/{text}?rev=REV",
    "sent from": lambda text: f"/a?{urlencode({'from': text})}",
    **{
        name: lambda text, name=name: f"/-/{name}/{text}"  # type: ignore[misc]
        for name in (
            *("history", "diff", "blame", "backlinks", "outline", "edit", "rename", "delete", "restore"),
            *("protect", "media", "preview-image/160", "static/default", "tags", "by"),
        )
    },
    "history at": lambda text: f"/-/history/{text}?at=REV",
    "difference": lambda text: f"/-/diff/{text}?from=REV&to=REV",
    "template": lambda text: f"/-/edit/new-page?{urlencode({'template': text})}",
    "new page": lambda text: f"/-/new?{urlencode({'template': text, 'folder': text})}",
    "section": lambda text: f"/-/edit/a?{urlencode({'section': text})}",
    "recent": lambda text: f"/-/recent?{urlencode({'folder': text})}",
    "changes": lambda text: f"/-/changes?{urlencode({'path': text})}",
    "feed": lambda text: f"/-/feed.atom?{urlencode({'path': text})}",
    "tree": lambda text: f"/-/pages?{urlencode({'folder': text, 'part': 1})}",
    "files": lambda text: f"/-/media?{urlencode({'folder': text, 'beside': text, 'added': text})}",
    "draft": lambda text: f"/-/drafts?{urlencode({'key': text})}",
    "new name": lambda text: f"/-/rename/a?{urlencode({'to': text})}",
    "reverted page": lambda text: f"/-/revert/REV?{urlencode({'page': text})}",
    "suggestion": lambda text: f"/-/suggest?{urlencode({'q': text})}",
    "search": lambda text: f"/-/search?{urlencode({'q': text})}",
}


FILES_ARE_READ = ("page", "Markdown", "old page", "history", "media", "static/default")


@pytest.mark.parametrize("where", READ)
def test_no_address_reads_what_is_not_in_the_wiki(ground: Ground, where: str) -> None:
    for text in UP if where in FILES_ARE_READ else OUT[::2]:
        address = READ[where](text).replace("REV", ground.head)
        answer = asked(ground, address)
        assert answer.status_code < 500, (text, answer.status)
        assert not any(leak in answer.text for leak in LEAKS), text
        location = answer.headers.get("Location", "/x")
        assert location[0] == "/", text
        assert location[1:2] not in {"/", "\\"}, text


EDIT = {"text": "# T\n", "summary": "x", "base": ""}

WRITTEN: Mapping[str, Callable[[Ground, str], TestResponse]] = {
    "page that is made": lambda g, text: g.post(g.editor, f"/-/edit/{quote(text)}", **EDIT),
    "page that is previewed": lambda g, text: g.post(g.editor, "/-/preview", path=text, text="x"),
    "id that is previewed": lambda g, text: g.post(g.editor, "/-/preview", id=text, text="x"),
    "page whose draft is kept": lambda g, text: g.post(g.editor, "/-/drafts", key=text, text="x"),
    "new name of a page": lambda g, text: moved(g, "b", text),
    "new name of a folder": lambda g, text: moved(g, "f/", text),
    "new name of a file": lambda g, text: moved(g, "m.png", text),
    "page that is deleted": lambda g, text: g.post(g.editor, f"/-/delete/{quote(text)}", base=g.blob("a.md")),
    "page that is restored": lambda g, text: g.post(g.editor, f"/-/restore/{quote(text)}", rev=g.head),
    "place of what is restored": lambda g, text: g.post(
        g.editor, "/-/restore/gone", rev=g.repository.git("rev-list", "--max-parents=0", "main"), to=text
    ),
    "page that is reverted": lambda g, text: g.post(g.editor, f"/-/revert/{g.head}", page=text, seen="x"),
    "page that is protected": lambda g, text: g.post(g.admin, f"/-/protect/{quote(text)}", level="admin"),
    "folder of a file": lambda g, text: sent(g, folder=text),
    "page beside a file": lambda g, text: sent(g, page=f"{text}/x.md"),
    "name of a file": lambda g, text: sent(g, name=text, folder="f"),
    "file that is replaced": lambda g, text: sent(g, path=f"{text}.png", replace="yes", base=g.blob("m.png")),
    "file that waits": lambda g, text: g.post(
        g.editor,
        "/-/media",
        **{"pending-1": text, "choice-1": "replace", "path-1": text, "original-1": text, "name-1": text},
    ),
    "redirect": lambda g, text: written(g, f"---\nredirect: {text!r}\n---\nx\n"),
    "embed": lambda g, text: written(g, f"![[{text}]]\n\n![[{text}.md#x]] ![]({text}) [x](<{text}>)\n"),
    "preview of an embed": lambda g, text: g.post(
        g.editor, "/-/preview", path="a.md", text=f"![[{text}]]\n\n![x](<{text}>)\n"
    ),
}


COMMITTED = ("redirect", "embed", "name of a file")
"""What makes a commit of each, which takes a while; other tests have the rest of them."""


def moved(ground: Ground, what: str, to: str) -> TestResponse:
    """Move something as a browser does: with what the form that was shown holds."""
    shown = ground.editor.get(f"/-/rename/{what}", query_string={"to": to})
    found = shown.text.partition('name="seen" value="')[2].partition('"')[0]
    return ground.post(ground.editor, f"/-/rename/{what}", to=to, seen=found or "x")


def sent(ground: Ground, **fields: str) -> TestResponse:
    file = (BytesIO(PNG + b"other"), "x.png", "image/png")
    return ground.post(ground.editor, "/-/media", file=file, **fields)


def written(ground: Ground, text: str) -> TestResponse:
    """Save a page, and return how it is shown."""
    saved = ground.post(ground.editor, "/-/edit/b", text=text, base=ground.blob("b.md"))
    assert saved.status_code in {303, 422}, saved.text
    return ground.editor.get("/b?redirect=no")


@pytest.mark.parametrize("where", WRITTEN)
def test_no_form_reads_or_writes_what_is_not_in_the_wiki(ground: Ground, where: str) -> None:
    before, head = ground.outside(), ground.head
    for text in OUT[::3] if where in COMMITTED else OUT:
        answer = WRITTEN[where](ground, text)
        assert answer.status_code < 500, (text, answer.status)
        assert not any(leak in answer.text for leak in LEAKS), text
        ground.check(before)
        if ground.head != head:
            ground.go_back(head)
    assert ground.repository.git("status", "--porcelain") == ""
