"""A vault in which a page is linked to in every way there is, and what has to hold when that page is renamed.

Each way to link is written down with blanks for what names the page. What a rename makes of it is the same text with
the blanks filled in anew, and so is known without asking the code that rewrites; code, comments and formulas that look
like links have no blanks.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from posixpath import relpath
from random import Random
from urllib.parse import quote

from flask.testing import FlaskClient

from engine.access import ANONYMOUS, Role
from engine.wiki import Wiki
from tests.people import signed_in
from tests.repositories import Repository
from tests.states import CHEAP
from wiki import create_app, open_wiki
from wiki.settings import Settings
from wiki.state import State

OLD, NEW = "Editing and formatting/Basic formatting", "Reference/Writing/Signs & marks (all)"
HEADING, ANCHOR, BLOCK = "Bold text", "bold-text", "^kept"
TARGET = f"# How text is marked\n\nWords.\n\n## {HEADING}\n\nHeavy words. {BLOCK}\n\nSee [[Other]] and [it](Other.md).\n"
MOVED = TARGET.replace("(Other.md)", "(../../Editing%20and%20formatting/Other.md)")

SAFE = "/&(),"  # signs of NEW that an address need not hide

FOLDERS = ("", "Editing and formatting/", "Plugins/", "Plugins/Deep down/", "Reference/", "Über uns/")

LINKS: Mapping[str, str] = {
    "wikilink": "See [[{name}]].",
    "two wikilinks": "[[{name}]] and [[{name}]]",
    "path": "See [[{path}]].",
    "path from the top": "See [[/{path}]].",
    "suffix": "See [[{name}.md]].",
    "label": "See [[{name}|how that is said]].",
    "heading": "See [[{name}#{heading}]].",
    "heading and label": "See [[{path}#{heading}|there]].",
    "heading that is not there": "See [[{name}#Nowhere]] and [[Nowhere]].",
    "block": "See [[{name}#{block}]].",
    "embed": "![[{name}]]",
    "embedded section": "![[{name}#{heading}]]",
    "embedded block": "![[{name}#{block}]]",
    "address": "See [there]({encoded}).",
    "address in angles": "See [there](<{relative}>).",
    "address with a title": 'See [there]({encoded} "About it").',
    "anchor": "See [there]({encoded}#{anchor}).",
    "full reference": "See [there][r{number}].\n\n[r{number}]: {encoded}",
    "collapsed reference": "See [r{number}][].\n\n[r{number}]: <{relative}#{anchor}> 'About it'",
    "shortcut reference": "See [r{number}].\n\n[r{number}]: <{relative}>",
    "HTML": 'See <a href="{html}">there</a>.',
    "cell": "| a | b |\n|---|---|\n| [[{name}\\|x]] | `[[{old}]]` |",
    "callout": "> [!note] On [[{name}]]\n> See [there]({encoded}).",
    "note": "A word.[^n{number}]\n\n[^n{number}]: See [[{name}]].",
    "list": "- one\n  - two [[{name}]]\n  - [ ] three [there]({encoded})",
    "definition": "Term\n: See [[{name}]].",
    "heading that links": "## About [[{name}{kept}]] {number}",
    "emphasis": "**[[{name}]]**, *[there]({encoded})* and ==[[{name}]]==",
}
"""Ways to link to the page, with how each is written."""

FRONT: Mapping[str, str] = {
    "front matter": 'related: "[[{name}]]"\n',
    "front matter with a label": "up:\n  - '[[{name}|Up]]'\n  - '[[Other]]'\n",
    "front matter that leads on": 'redirect: "{path}"\n',
}

LOOKALIKES = """
```markdown
[[{name}]] [[{path}#{heading}|x]] ![[{name}]] [x]({encoded}) [y]: {encoded}
```

~~~
[[{name}]]
~~~

In a line: `[[{name}]]`, ``![[{path}]] ` [x]({encoded})``, %%[[{name}]]%% and \\[\\[{name}]].

    [[{name}]] [x]({encoded})

<!-- [[{name}]] [x]({encoded}) -->

%%
[[{name}]]
%%

$x = [[{name}]]$ and https://example.org/{encoded}
"""
"""What looks like links, and is none."""


@dataclass(frozen=True, slots=True)
class Vault:
    """Files, and what they are to be after the rename."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    links: int
    pages: int  # that link to the page


def vault(links: int, pages: int, seed: int = 1) -> Vault:
    """Make a vault with at least *links* links to one page, of every kind, among *pages* other pages."""
    dice = Random(seed)
    before = {f"{OLD}.md": TARGET, "Editing and formatting/Other.md": "# Other\n"}
    after = {f"{NEW}.md": MOVED, "Editing and formatting/Other.md": "# Other\n"}
    for number in range(pages):
        path = f"{dice.choice(FOLDERS)}Other {number}.md"
        text = f"# Other {number}\n\n" + "Words about [[Other]] and others.\n\n" * dice.randint(1, 20)
        before[path] = after[path] = text + _filled(LOOKALIKES, path, OLD, number)
    count = number = 0
    while count < links:
        for kind, written in {**LINKS, **FRONT}.items():
            number += 1
            path = f"{dice.choice(FOLDERS)}Links {number}.md"
            end, mark = dice.choice(["\n", "\n", "\r\n"]), dice.choice(["", "", "\ufeff"])
            for made, where in ((before, OLD), (after, NEW)):
                text = _filled(written, path, where, number)
                like = _filled(LOOKALIKES, path, OLD, number)
                page = f"---\n{text}---\n# {number}\n" if kind in FRONT else f"# {number}\n\n{text}\n"
                made[path] = mark + f"{page}{like}".replace("\n", end)
            count += len(re.findall(r"\{(?:name|path|encoded|html|relative)", written))
    return Vault(before, after, count, number)


def _filled(text: str, path: str, target: str, number: int) -> str:
    """Return a text in which blanks name *target*, as seen from the page at *path*."""
    address = relpath(f"{target}.md", path.rpartition("/")[0] or ".")
    blanks = {
        "name": target.rpartition("/")[2],
        "path": target,
        "relative": address,
        "encoded": quote(address, safe=SAFE),
        "html": quote(address, safe=SAFE).replace("&", "&amp;"),
        "old": OLD.rpartition("/")[2],
        "heading": HEADING,
        "anchor": ANCHOR,
        "block": BLOCK,
        "kept": "" if target == OLD else f"|{OLD.rpartition('/')[2]}",
        "number": str(number),
    }
    return re.sub(r"\{(\w+)\}", lambda match: blanks[match[1]], text)


@contextmanager
def served(repository: Repository, folder: Path, root: str = "") -> Iterator[tuple[Wiki, FlaskClient]]:
    """Open a repository as an editor has it in their browser; the state is kept in *folder*."""
    settings = Settings(repository=str(repository.path), root=root, data=str(folder / "state"))
    state = State(folder / "state", hashing=CHEAP, lasting=False)
    wiki = open_wiki(settings, protections=state.protections)
    try:
        assert wiki.catch_up(600)
        yield wiki, signed_in(create_app(settings, wiki, state), "ada", Role.EDITOR)
    finally:
        wiki.close()
        state.close()


def findings(wiki: Wiki, moved: Mapping[str, str]) -> Counter[tuple[str, str]]:
    """Return what `quire check` finds, with paths as they are after a move."""
    with wiki.at(ANONYMOUS) as snapshot:
        return Counter((each.code, moved.get(each.path, each.path)) for each in snapshot.check())


@dataclass(frozen=True, slots=True)
class Preview:
    """What the form says before anything is done."""

    html: str
    fields: Mapping[str, str]  # of the form that confirms
    links: int  # that it says are rewritten
    pages: Sequence[str]  # that it names


def preview(client: FlaskClient, old: str, new: str) -> Preview:
    """Ask what renaming a page changes; both without the suffix."""
    html = client.get(f"/-/rename/{quote(old)}?to={quote(new)}&leave=nothing").text
    form = html[html.index('<form method="post" action="/-/rename/') :]
    fields = re.findall(r'<input[^>]* name="([^"]*)" value="([^"]*)"', form)
    links = re.search(r"([0-9,]+) links? (?:is|are) rewritten", html)
    listed = html[html.index('<ul class="rewritten">') : html.index('<form method="post" action="/-/rename/')]
    pages = re.findall(r'<li>\s*<a href="([^"]*)"', listed)
    assert links is not None
    return Preview(
        html,
        {name: unescape(value) for name, value in fields},
        int(links[1].replace(",", "")),
        tuple(map(unescape, pages)),
    )


def check_renaming(folder: Path, repository: Repository, made: Vault) -> str:
    """Rename the page of a vault, and hold everything against what it has to be; return what was seen."""
    repository.commit({path: text.encode() for path, text in made.before.items()})
    with served(repository, folder) as (wiki, client):
        before = findings(wiki, {f"{OLD}.md": f"{NEW}.md"})
        head = repository.git("rev-parse", "main").strip()
        shown = preview(client, OLD, NEW)
        assert shown.links == made.links + 1  # one of the page itself
        answer = client.post(f"/-/rename/{quote(OLD)}", data=dict(shown.fields))
        assert (answer.status_code, answer.location) == (303, f"/{quote(NEW, safe=SAFE)}"), answer.text
        assert wiki.catch_up(600)
        assert repository.git("rev-list", "--count", f"{head}..main").strip() == "1"
        for path, text in made.after.items():
            written = repository.git("show", f"main:{path}")
            assert written == text.removesuffix("\n"), path
        tree = repository.git("ls-tree", "-r", "--name-only", "-z", "main").strip("\0").split("\0")
        assert sorted(tree) == sorted(made.after)
        assert before
        assert findings(wiki, {}) == before
        history = client.get(f"/-/history/{quote(NEW)}").text
        assert history.count('<li class="revision') == 2
        assert client.get(f"/{quote(NEW)}?rev={head}").status_code == 200
        repository.check()
    return f"{made.links} links on {made.pages} of {len(made.before)} pages, in one commit"
