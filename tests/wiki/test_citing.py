"""Citing a page: the text, the BibTeX entry, the address that always shows the same."""

import re

import pytest
from flask.testing import FlaskClient

from engine.wiki import Wiki
from tests.conftest import Commit


def cited(client: FlaskClient, address: str) -> tuple[str, str]:
    """Return the text and the BibTeX entry that a page offers."""
    text, bibtex = re.findall(r"<pre tabindex[^>]*>([^<]*)</pre>", client.get(address).text)
    return text, bibtex


def test_a_citation_names_title_site_day_and_revision(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    made = commit({"quire.toml": 'title = "Notes"', "a b.md": "# The title\n"})
    wiki.catch_up()
    commit({"c.md": "Another page\n"})
    wiki.catch_up()
    text, bibtex = cited(client, "/a b")
    assert text == f"“The title”. Notes, 2026-01-01. http://localhost/a%20b?rev={made}"
    assert bibtex.splitlines() == [
        "@misc{the-title-2026,",
        "  title = {{The title}},",
        "  howpublished = {Notes},",
        "  year = {2026},",
        "  date = {2026-01-01},",
        f"  url = {{http://localhost/a%20b?rev={made}}},",
        f"  note = {{Revision {made[:10]}}},",
        "}",
    ]


def test_an_author_that_the_page_names_is_cited(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({"a.md": "---\nauthor: Ada  Lovelace\n---\n# A\n", "b.md": "---\nauthor: [1, 2]\n---\n# B\n"})
    wiki.catch_up()
    text, bibtex = cited(client, "/a")
    assert text.startswith("Ada Lovelace. “A”. ")
    assert "  author = {Ada Lovelace}," in bibtex
    assert "author" not in cited(client, "/b")[1]


@pytest.mark.parametrize(
    ("title", "written", "key"),
    [
        ("50 % of $5 x_y", r"50 \% of \$5 x\_y", "50-of-5-x-2026"),
        ("a } b {", r"a \textbraceright{} b \textbraceleft{}", "a-b-2026"),
        (r"a\b~c^d", r"a\textbackslash{}b\textasciitilde{}c\textasciicircum{}d", "a-b-c-d-2026"),
        ("首页", "首页", "page-2026"),
        ("Über Größe", "Über Größe", "uber-groe-2026"),
    ],
)
def test_titles_are_written_as_tex_reads_them(
    commit: Commit, wiki: Wiki, client: FlaskClient, title: str, written: str, key: str
) -> None:
    commit({"a.md": f"---\ntitle: '{title}'\n---\nText\n"})
    wiki.catch_up()
    bibtex = cited(client, "/a")[1].splitlines()
    assert bibtex[0] == f"@misc{{{key},"
    assert bibtex[1] == f"  title = {{{{{written}}}}},"


def test_while_the_history_is_read_the_commit_at_hand_is_cited(commit: Commit, client: FlaskClient) -> None:
    made = commit({f"p{i}.md": "Text\n" for i in range(300)})
    text, bibtex = cited(client, "/p1")
    assert text == f"“p1”. Quire. http://localhost/p1?rev={made}"
    assert "year" not in bibtex
