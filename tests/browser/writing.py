"""A wiki with an edit page of its own, which this process serves and of which it sees all that the scripts send.

The page holds what its scripts and every edit page agree on (docs/themes.md), and answers as a test wants it to.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from urllib.parse import quote

from flask import Flask, g, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import WSGIRequestHandler, make_server

from engine.access import RolePolicy
from engine.ids import PageId, url_path
from engine.markup import Markup
from engine.model import Target
from engine.search.whoosh_index import WhooshIndex
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from wiki import create_app, current, headers, languages
from wiki.languages import speak
from wiki.settings import Settings

ROOT = Path(__file__).parents[2]
BUNDLE = ROOT / "themes" / "default" / "static" / "js" / "editor.js"
AT = "/-/desk"
TYPED = ("title", "title-was")  # what drafts hold beside the text
SAMPLE = """---
title: A sample
tags: [one, two] # a comment
---
# A sample

Some **bold**, *italic*, ~~struck~~, ==marked== and `code`. See [[llama-organization|the entry]], ![[picture.png]],
[a link](https://example.org/path) and a note.[^1] Also ^[an inline one], #topic/part, $a*b*c$ and %%hidden%%.

## Lists

- one
  - nested **bold**
- [ ] to do
- [x] done

> [!note] A callout
> with words.

| Kind   | Width |
|--------|------:|
| Huacaya | 20 |
| 羊驼 | 3 |

```python
def leaf() -> None:
    return None
```

[^1]: What it says.
"""
PAGES = {
    "sample.md": SAMPLE,
    "quire.toml": 'theme = "writing"\n',
    "index.md": "# Home\n\nA page.\n",
    "llama-organization.md": "# Llama Organization\n\n## History\n\n## Current status\n",
    "llama-3.md": "# Llama 3: the herd\n\nText.\n",
    "People/Chris Cox.md": "# Chris Cox\n\nText.\n",
    "People/Yann LeCun.md": "# Yann LeCun\n\n## Papers | talks\n\nText.\n",
    "long.md": "# Long\n\n"
    + "\n".join(f"## Section {n}\n\n" + f"Words of {n}. " * 60 + "\n" for n in range(1, 31)),
    "right-to-left.md": "---\nlang: ar\n---\n# نموذج\n\nهذه صفحة عربية.\n",
}


@dataclass(slots=True)
class Desk:
    """What the edit page was sent, and how it is to answer."""

    url: str = ""
    saved: dict[str, dict[str, str]] = field(default_factory=dict)  # the last form of each page
    drafts: dict[str, dict[str, str]] = field(default_factory=dict)
    uploads: list[dict[str, str]] = field(default_factory=list)
    previews: int = 0
    owner: str = ""  # what stands for who is signed in
    signed_in: bool = False
    signed_out: bool = False  # answers lead to the login
    also: str = ""  # another key whose draft is saved with a page, as that of a section after a conflict
    refuses: bool = False  # a save comes back as the form, unsaved

    def address(self, path: str) -> str:
        """Return the whole address of a path."""
        return self.url + path

    def forget(self) -> None:
        """Be as if nobody had been here."""
        self.saved.clear()
        self.drafts.clear()
        self.uploads.clear()
        self.previews = 0
        self.owner = self.also = ""
        self.signed_in = self.signed_out = self.refuses = False


class _Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class _Nothing:
    """A linker for a wiki without pages."""

    def target(self, source: PageId, link: str) -> Target | None:
        return None

    def text(self, target: Target) -> str | None:
        return None


class _Views:
    """The views of an edit page."""

    def __init__(self, desk: Desk, app: Flask) -> None:
        self._desk = desk
        self._markup = Markup()
        for address, view, method in (
            ("/edit/<path:page>", self.edit, "GET"),
            ("/edit/<path:page>", self.save, "POST"),
            ("/preview", self.preview, "POST"),
            ("/outline/<path:page>", self.outline, "GET"),
            ("/drafts", self.draft, "GET"),
            ("/drafts", self.keep, "POST"),
            ("/media", self.upload, "POST"),
        ):
            app.add_url_rule(address, view.__name__, view, methods=[method])

    def edit(self, page: str) -> ResponseReturnValue:
        saved = self._desk.saved.get(page)
        return self._form(page, saved["text"] if saved else PAGES.get(f"{page}.md", ""))

    def save(self, page: str) -> ResponseReturnValue:
        text = request.form["text"].replace("\r\n", "\n")
        if self._desk.refuses:
            return self._form(page, text, unsaved=True), 409
        self._desk.saved[page] = {**request.form.to_dict(), "text": text}
        self._desk.drafts.pop(page, None)
        answer = redirect(url_path(page), 303)
        told = "&".join(quote(key, safe="") for key in (page, self._desk.also) if key)
        answer.set_cookie("quire_saved", told, max_age=60, samesite="Lax")
        return answer

    def _form(self, page: str, text: str, *, unsaved: bool = False) -> str:
        with current.current_wiki().at(current.current_actor()) as snapshot:
            g.snapshot, g.readable, g.stale = snapshot, True, False
            speak(current.site().settings.interface, snapshot.site.language)
            return current.site().themes.render(
                "writing.html",
                id=page,
                text=text,
                base="b1",
                unsaved=unsaved,
                lost=request.args.get("lost"),
                bundled="plain" not in request.args,
                at_desk=AT,
                owner=self._desk.owner,
                drafts=f"{AT}/drafts" if self._desk.signed_in else None,
            )

    def preview(self) -> ResponseReturnValue:
        self._desk.previews += 1
        if self._desk.signed_out:
            return redirect("/", 303)
        assert request.form["csrf"] == "token"
        parsed = self._markup.parse(request.form["text"])
        drawn = self._markup.render(parsed, PageId.parse(request.form["id"]), _Nothing())
        return f'<div class="content" lang="en" dir="ltr">{drawn.html}</div>'

    def outline(self, page: str) -> ResponseReturnValue:
        if f"{page}.md" not in PAGES:
            return jsonify(error="none"), 404
        facts = self._markup.scan(self._markup.parse(PAGES[f"{page}.md"]))
        return jsonify(
            [{"text": each.text, "level": each.level, "anchor": each.anchor} for each in facts.headings]
        )

    def draft(self) -> ResponseReturnValue:
        found = self._desk.drafts.get(request.args["key"])
        if not found:
            return "", 204
        return jsonify({**found, "fields": {key: found[key] for key in TYPED if key in found}})

    def keep(self) -> ResponseReturnValue:
        if self._desk.signed_out:
            return "", 401
        form = request.form.to_dict()
        if "discard" in form:
            self._desk.drafts.pop(form["key"], None)
        else:
            self._desk.drafts[form["key"]] = {**form, "time": datetime.now(UTC).isoformat()}
        return "", 204

    def upload(self) -> ResponseReturnValue:
        form = request.form.to_dict()
        name = form["name"]
        if name.endswith(".exe"):
            return jsonify(error="Programs are not taken."), 415
        if any(each["name"] == name for each in self._desk.uploads) and "replace" not in form:
            return jsonify(suggested=name.replace(".", "-2."), base="blob1"), 409
        self._desk.uploads.append({**form, "content": request.files["file"].read().decode()})
        return jsonify(target=name, path=name, url=url_path(name)), 201


def _desk_app(desk: Desk, site: current.Site) -> Flask:
    """Make the application of the edit page; it belongs to the site, and asks nobody who they are."""
    app = Flask("desk", static_folder=None, template_folder=None)
    current.attach(app, site)
    languages.register(app, site.settings.interface)
    headers.register(app)
    _Views(desk, app)
    return app


@contextmanager
def writing(folder: Path) -> Iterator[Desk]:
    """Serve an edit page of each of `PAGES`, at ``AT``."""
    store = MemoryStore()
    files = {path: text.encode() for path, text in PAGES.items()}
    store.set_head(store.commit_tree(files, []))
    wiki = Wiki.open(store, WhooshIndex(folder / "search"), folder, RolePolicy(), processes=0)
    wiki.catch_up()
    desk = Desk()
    app = create_app(Settings(themes=str(Path(__file__).parent / "themes")), wiki)
    both = DispatcherMiddleware(app, {AT: _desk_app(desk, current.site(app)).wsgi_app})
    server = make_server("127.0.0.1", 0, both, threaded=True, request_handler=_Quiet)
    desk.url = f"http://127.0.0.1:{server.port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield desk
    finally:
        server.shutdown()
        thread.join()
        wiki.close()
