"""Whatever people write, and wherever it shows, it stays text: titles, names, tags, authors, settings, queries."""

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from engine.model import Author
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki

PAYLOADS = [
    "<script>evil()</script>",
    '"><script>evil()</script>',
    "'><img src=x onerror=evil()>",
    '" onmouseover=evil() x="',
    "' autofocus onfocus=evil() '",
    "</title><svg onload=evil()>",
    "--><iframe srcdoc=evil()>",
    "</textarea><b onclick=evil()>",
    "javascript:evil()",
    "javascript&colon;evil()",
    "java\tscript:evil()",
    "data:text/html,<script>evil()</script>",
    "{{ evil() }}{% evil %}",
    "&lt;script&gt;evil()&lt;/script&gt;",
    "`onerror=evil()`",
    "\u202e<b onclick=evil()>",
]


class Watcher(HTMLParser):
    """Notes what would run in a browser."""

    def __init__(self) -> None:
        super().__init__()
        self.dangers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        ours = tag == "script" and str(dict(attrs).get("src")).startswith("/-/static/default/js/")
        if not ours and tag in {"script", "iframe", "svg", "object", "embed", "base", "style"}:
            self.dangers.append(tag)
        for name, value in attrs:
            plain = "".join((value or "").split()).lower()
            if name.startswith("on") or name in {"style", "srcdoc", "formaction"}:
                self.dangers.append(f"{tag} {name}")
            if name in {"href", "src", "action", "poster"} and plain.startswith(
                ("javascript:", "data:", "vbscript:", "//")
            ):
                self.dangers.append(f"{tag} {name}={value}")


def dangers(text: str) -> list[str]:
    watcher = Watcher()
    watcher.feed(text)
    watcher.close()
    return watcher.dangers


@pytest.fixture(params=PAYLOADS, ids=ascii)
def payload(request: pytest.FixtureRequest) -> str:
    text: str = request.param
    return text


def yaml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


@pytest.fixture
def hostile(store: MemoryStore, wiki: Wiki, client: FlaskClient, payload: str) -> FlaskClient:
    """A wiki that has the payload wherever something can be written."""
    name = payload.replace("/", "∕")
    front = f"""---
title: {yaml(payload)}
description: {yaml(payload)}
aliases: [{yaml(payload)}, shared]
tags: [{yaml(payload)}]
lang: {yaml(payload)}
author: {yaml(payload)}
redirect: {yaml(payload)}
{yaml(payload)}: {yaml(payload)}
---
"""
    body = f"""
# {payload}

## {payload}

## Second {payload}

Here [[target|{payload}]] and [[{payload}]] and ![[{payload}]] and [x]({payload}) and ![{payload}](<{payload}>).
A [link](target "{payload}") #tag and a note[^1].

> [!note] {payload}
> {payload}

```{payload}
{payload}
```

<div title="{payload}">{payload}</div>

[^1]: {payload}
[^{payload}]: {payload}
"""
    files = {
        "target.md": "# Target\n",
        "a.md": front + body,
        "b.md": front + body + "\n[[a]]\n",
        f"{name}.md": body,
        f"{name}/{name}.md": front + body,
        f"{name}/{name}.png": "x",
        "Two Keys.md": "x",
        "two_keys.md": "x",
        "quire.toml": f"title = '''{payload}'''\nfooter = '''{payload}'''\nlogo = '''{payload}'''\n"
        f"theme = '''{payload}'''\nhome = '''{payload}'''\nlanguage = '''{payload}'''\n'''{payload}''' = 1\n".replace(
            f"\n'''{payload}''' = 1", f"\n{yaml(payload)} = 1"
        ),
    }
    made = store.commit_tree(
        {path: content.encode() for path, content in files.items()},
        author=Author(payload, payload),
        summary=payload,
    )
    store.set_head(made)
    wiki.catch_up()
    return client


def addresses(payload: str) -> Iterator[str]:
    name = quote(payload.replace("/", "∕"))
    yield from ("/", "/a?redirect=no", "/b?redirect=no", "/target", "/two-keys", "/shared", "/quire.toml")
    yield from (f"/{name}", f"/{name}/", f"/{name}/{name}?redirect=no")
    yield from (f"/missing/{name}", f"/{name}/missing", f"/-/{name}", f"/-/static/default/{name}")
    for query in (payload, f'"{payload}"', f"title:{payload}", f'tag:"{payload}"', f"evil {payload}", "evil"):
        yield f"/-/search?q={quote(query)}"
    yield from (f"/-/suggest?q={name}", "/-/opensearch.xml", "/sitemap.xml", "/robots.txt")
    yield from (
        "/-/tags",
        f"/-/tags/{quote(payload)}",
        f"/-/tags?by={quote(payload)}",
        "/-/backlinks/a",
        f"/-/backlinks/{name}",
    )
    yield from (
        "/-/pages",
        "/-/pages?part=1",
        f"/-/pages?folder={name}",
        f"/-/pages?folder={name}&part=1&start={name}",
    )
    yield from ("/-/missing", "/-/orphans", f"/-/missing?page={quote(payload)}")
    yield f"/-/search?q=x&page={quote(payload)}"
    yield f"/target?{quote(payload)}"


def test_nothing_that_is_written_runs(hostile: FlaskClient, payload: str) -> None:
    for address in addresses(payload):
        answer = hostile.get(address, follow_redirects=True)
        if (answer.mimetype or "").endswith(("html", "xml")):
            assert not dangers(answer.text), address
        elif not address.startswith(("/-/suggest", "/robots.txt")):
            assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_what_is_written_is_not_a_template(hostile: FlaskClient, payload: str) -> None:
    if "{{" in payload:
        assert "{{ evil() }}" in hostile.get("/target").text


def test_the_watcher_sees_what_would_run() -> None:
    assert dangers("<p><script>x</script>")
    assert dangers("<a href='java\nscript:x'>")
    assert dangers('<img src="x" onerror="x">')
    assert not dangers("<p title='<script>'>&lt;script&gt;")


def test_problems_of_the_settings_are_shown_to_authors(
    store: MemoryStore, wiki: Wiki, client: FlaskClient
) -> None:
    store.set_head(store.commit_tree({"quire.toml": b"titel = 'x'\nlanguage = 'xx'\n", "a.md": b"Text\n"}))
    text = client.get("/a").text
    assert "Problems in quire.toml: 2" in text
    assert "knows no setting" in text
    assert "is no language code" in text
