"""What a URL leads to: pages, their Markdown, canonical addresses, choices, redirects."""

import re
from html import unescape
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from engine.wiki import Wiki
from tests.conftest import Commit
from tests.repositories import SUBMODULE, SYMLINK, Content, File, Repository
from tests.shown import main

MARKDOWN = {"Accept": "text/markdown"}


# -- home


def test_home_is_the_page_that_the_settings_name(commit: Commit, client: FlaskClient) -> None:
    commit({"quire.toml": 'home = "start/here"', "start/here.md": "# Here\n", "home.md": "# Not this\n"})
    assert "<h1" in client.get("/").text
    assert "Here" in client.get("/").text


@pytest.mark.parametrize("first", ["home.md", "index.md", "README.md", "start.md"])
def test_home_is_otherwise_the_first_of_a_few_names(commit: Commit, client: FlaskClient, first: str) -> None:
    names = ["home.md", "index.md", "README.md", "start.md"]
    commit({name: f"The page {name}.\n" for name in names[names.index(first) :]})
    assert f"The page {first}." in client.get("/").text


def test_home_lists_everything_where_no_page_is_home(commit: Commit, client: FlaskClient) -> None:
    commit({"quire.toml": 'home = "gone"', "a.md": "A\n", "b/c.md": "C\n"})
    answer = client.get("/")
    assert answer.status_code == 200
    assert 'href="/a"' in answer.text
    assert 'href="/b/"' in answer.text


def test_an_empty_repository_has_a_home(client: FlaskClient) -> None:
    assert client.get("/").status_code == 200
    assert client.get("/anything").status_code == 404


# -- exact and inexact


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("/llama_organization", "/llama-organization"),
        ("/Llama%20Organization", "/llama-organization"),
        ("/LLAMA--ORGANIZATION", "/llama-organization"),
        ("/ｌｌａｍａ-organization", "/llama-organization"),
        ("/llama_organization.md", "/llama-organization.md"),
        ("/the%20llamas", "/llama-organization"),
        ("/news/2026_03_09 reorganisation", "/News/2026-03-09%20Reorganisation"),
        ("/Strasse", "/stra%C3%9Fe"),
        ("/MEDIA/Plan.PNG", "/media/plan.png"),
    ],
)
def test_an_inexact_address_leads_to_the_canonical_one(
    commit: Commit, wiki: Wiki, client: FlaskClient, typed: str, path: str
) -> None:
    commit(
        {
            "llama-organization.md": "---\naliases: [The Llamas]\n---\nText\n",
            "News/2026-03-09 Reorganisation.md": "Text\n",
            "straße.md": "Text\n",
            "media/plan.png": b"\x89PNG\r\n\x1a\n",
        }
    )
    wiki.catch_up()
    answer = client.get(typed)
    assert answer.status_code == 302
    assert answer.headers["Location"] == path
    assert client.get(path).status_code == 200


def test_a_redirect_keeps_the_query(commit: Commit, client: FlaskClient) -> None:
    commit({"a-b.md": "Text\n"})
    assert client.get("/A_B?x=1&y=%20%C3%A9").headers["Location"] == "/a-b?x=1&y=%20%C3%A9"
    for odd in ("x=\xff\xe9", "x=\r\nSet-Cookie:%20a=b"):
        answer = client.get("/A_B", environ_overrides={"QUERY_STRING": odd})
        assert answer.status_code == 302
        assert "Set-Cookie" not in answer.headers


def test_an_exact_name_beats_an_alias(commit: Commit, client: FlaskClient) -> None:
    commit({"a.md": "---\naliases: [b]\n---\nFirst\n", "b.md": "Second\n"})
    assert "Second" in client.get("/b").text


def test_pages_with_one_key_are_a_choice(commit: Commit, client: FlaskClient) -> None:
    commit({"Fair Use.md": "One\n", "fair_use.md": "Two\n"})
    answer = client.get("/fair-use")
    assert answer.status_code == 300
    assert 'href="/Fair%20Use"' in answer.text
    assert 'href="/fair_use"' in answer.text
    assert client.get("/fair_use").status_code == 200


def test_pages_with_one_alias_are_a_choice(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({"a.md": "---\naliases: [FAIR]\n---\n", "b.md": "---\naliases: [fair]\n---\n"})
    wiki.catch_up()
    assert client.get("/Fair").status_code == 300


def test_an_unknown_page_is_missing_and_offers_a_search(commit: Commit, client: FlaskClient) -> None:
    commit({"a.md": "Text\n"})
    answer = client.get("/some/Missing page")
    assert answer.status_code == 404
    assert 'value="Missing page"' in answer.text


# -- Markdown


def test_an_unknown_page_suggests_those_that_have_its_words(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit({"Llama 3.md": "# Llama 3\n\nA model.\n", "other.md": "# Other\n"})
    wiki.catch_up()
    answer = client.get("/people/llama_model")
    assert answer.status_code == 404
    assert 'href="/Llama%203" dir="auto">Llama 3</a>' in answer.text
    assert "/other" not in main(answer.text)


def test_md_gives_the_bytes_of_the_page(commit: Commit, client: FlaskClient) -> None:
    source = b"\xef\xbb\xbf---\r\ntitle: A\r\n---\r\nText \xf0\x9f\xa6\x99\r\n"
    commit({"a.md": source})
    answer = client.get("/a.md")
    assert answer.data == source
    assert answer.mimetype == "text/markdown"
    assert answer.headers["Link"] == '</a>; rel="canonical"'


def test_accept_gives_markdown_to_those_who_prefer_it(commit: Commit, client: FlaskClient) -> None:
    commit({"a.md": "*Text*\n"})
    assert client.get("/a", headers=MARKDOWN).data == b"*Text*\n"
    assert client.get("/a", headers={"Accept": "text/markdown, text/html;q=0.5"}).mimetype == "text/markdown"
    assert client.get("/a", headers={"Accept": "text/html, text/markdown;q=0.5"}).mimetype == "text/html"
    assert client.get("/a", headers={"Accept": "*/*"}).mimetype == "text/html"
    assert client.get("/a", headers={"Accept": "image/png"}).mimetype == "text/html"
    assert (
        client.get("/a").headers["Vary"] == "Accept, Accept-Language, Accept-Encoding, Cookie, Authorization"
    )


def test_home_is_markdown_too(commit: Commit, client: FlaskClient) -> None:
    commit({"index.md": "*Text*\n"})
    assert client.get("/", headers=MARKDOWN).data == b"*Text*\n"


def test_a_page_names_its_markdown(commit: Commit, client: FlaskClient) -> None:
    commit({"a b.md": "Text\n"})
    answer = client.get("/a b")
    assert answer.headers["Link"] == '</a%20b.md>; rel="alternate"; type="text/markdown"'
    assert '<link rel="alternate" type="text/markdown" href="/a%20b.md">' in answer.text
    assert '<link rel="canonical" href="http://localhost/a%20b">' in answer.text


def test_a_page_in_another_suffix_answers_to_md(commit: Commit, client: FlaskClient) -> None:
    commit({"a.markdown": "A\n", "B.MD": "B\n"})
    assert client.get("/a").status_code == 200
    assert client.get("/a.md").data == b"A\n"
    assert client.get("/a.markdown").data == b"A\n"
    assert client.get("/B").status_code == 200
    assert client.get("/B.MD").data == b"B\n"


# -- who claims an address


def test_the_exact_file_beats_the_derived_name(commit: Commit, client: FlaskClient) -> None:
    commit({"notes": "a file without a suffix", "notes.md": "The page.\n"})
    assert client.get("/notes").data == b"a file without a suffix"
    assert client.get("/notes.md").data == b"The page.\n"


def test_md_beats_markdown(commit: Commit, client: FlaskClient) -> None:
    commit({"a.markdown": "Loser.\n", "a.md": "Winner.\n"})
    assert "Winner." in client.get("/a").text
    assert client.get("/a.md").data == b"Winner.\n"
    assert client.get("/a.markdown").data == b"Loser.\n"


def test_a_page_named_like_the_markdown_of_another_yields(commit: Commit, client: FlaskClient) -> None:
    commit({"a.md": "First.\n", "a.md.md": "Second.\n"})
    assert client.get("/a.md").data == b"First.\n"
    assert client.get("/a.md.md").data == b"Second.\n"


# -- front matter


def test_a_page_may_send_its_readers_on(commit: Commit, client: FlaskClient) -> None:
    commit({"old.md": "---\nredirect: new page\n---\nMoved.\n", "new-page.md": "Text\n"})
    answer = client.get("/old")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/new-page?from=old")
    assert "Moved." in client.get("/old?redirect=no").text
    assert client.get("/old.md").status_code == 200


def test_a_page_says_from_where_the_reader_was_sent(commit: Commit, client: FlaskClient) -> None:
    commit(
        {
            "old page.md": "---\ntitle: The old one\nredirect: new\n---\nMoved.\n",
            "new.md": "Text\n",
            "other.md": "Text\n",
        }
    )
    shown = client.get("/old%20page", follow_redirects=True).text
    assert 'Redirected from <a href="/old%20page?redirect=no" dir="auto">The old one</a>' in shown
    for address in ("/new", "/new?from=other", "/new?from=", "/new?from=no%00page", "/other?from=old+page"):
        assert "Redirected from" not in client.get(address).text


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "nowhere"],
)
def test_a_page_sends_its_readers_to_pages_only(commit: Commit, client: FlaskClient, target: str) -> None:
    commit({"old.md": f"---\nredirect: {target!r}\n---\nStays.\n"})
    assert "Stays." in client.get("/old").text


def test_pages_that_send_readers_on_and_on_are_passed_at_once(commit: Commit, client: FlaskClient) -> None:
    commit({"a.md": "---\nredirect: b\n---\n", "b.md": "---\nredirect: c\n---\n", "c.md": "Text\n"})
    assert client.get("/a").headers["Location"] == "/c?from=a"


@pytest.mark.parametrize("circle", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_pages_that_send_readers_in_a_circle_are_shown(
    commit: Commit, client: FlaskClient, circle: list[str]
) -> None:
    commit(
        {
            f"{name}.md": f"---\nredirect: {after}\n---\nStays.\n"
            for name, after in zip(circle, circle[1:] + circle[:1], strict=True)
        }
    )
    assert "Stays." in client.get("/a").text


def test_an_endless_line_of_redirects_ends(commit: Commit, client: FlaskClient) -> None:
    commit({f"p{i}.md": f"---\nredirect: p{i + 1}\n---\nStays.\n" for i in range(50)})
    assert "Stays." in client.get("/p0").text


# -- language


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a", "Text", 'lang="en" dir="ltr"'),
        ("a", "---\nlang: he\n---\n", 'lang="he" dir="rtl"'),
        ("a", "---\nlang: zh_Hant\n---\n", 'lang="zh-Hant" dir="ltr"'),
        ("a", '---\nlang: "\\" onload=alert(1)"\n---\n', 'lang="en" dir="ltr"'),
        ("ar/a", "Text", 'lang="ar" dir="rtl"'),
        ("ar/a", "---\nlang: en\n---\n", 'lang="en" dir="ltr"'),
        ("fr/a", "Text", 'lang="fr" dir="ltr"'),
        ("French/a", "Text", 'lang="en" dir="ltr"'),
    ],
)
def test_a_page_says_its_language_and_direction(
    commit: Commit, client: FlaskClient, path: str, text: str, expected: str
) -> None:
    commit({f"{path}.md": text})
    assert f'<div class="content" {expected}>' in client.get(f"/{path}").text


def test_the_site_has_a_language_and_direction(commit: Commit, client: FlaskClient) -> None:
    commit({"quire.toml": 'language = "fa"', "a.md": "Text\n", "en/b.md": "Text\n"})
    assert '<html lang="en" dir="ltr">' in client.get("/a").text  # the interface has no Persian
    assert '<div class="content" lang="fa" dir="rtl">' in client.get("/a").text
    assert '<div class="content" lang="en" dir="ltr">' in client.get("/en/b").text


# -- what cannot be shown


def test_a_page_that_is_not_utf_8_says_so_and_offers_its_bytes(commit: Commit, client: FlaskClient) -> None:
    source = "# Größe\n".encode("latin-1")
    commit({"a.md": source})
    answer = client.get("/a")
    assert answer.status_code == 200
    assert "not UTF-8" in answer.text
    assert 'href="/a.md"' in answer.text
    raw = client.get("/a.md")
    assert raw.data == source
    assert raw.mimetype == "application/octet-stream"
    assert client.get("/a", headers=MARKDOWN).data == source


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\0\0\0", b"---\n", b"---\ntitle: [\n---\n", b"\xef\xbb\xbf", b"> " * 5000]
)
def test_odd_pages_are_shown(commit: Commit, client: FlaskClient, content: bytes) -> None:
    commit({"a.md": content})
    assert client.get("/a").status_code == 200
    assert client.get("/a.md").data == content


# -- odd names

ODD = [
    "with space",
    "hash#tag",
    "question?mark",
    "per%20cent%",
    "new\nline",
    "tab\there",
    "quotes\"'`",
    "a<b>c&d",
    "🦙 llama",
    "صفحة عربية",
    "\u202eright to left override",
    "首页",
    "e\u0301 decomposed",
    "a;b,c=d@e:f+g!h$i*j(k)",
    "back\\slash",
    ".hidden",
    "..dots",
    "dots..",
    "trailing ",
    "-",
    "~tilde",
    "x" * 252,
    "/".join(["deep"] * 100),
    "é" * 120,
    "CON",
    "https:",
    "{{ 7*7 }}",
]


@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_odd_names_are_served(commit: Commit, client: FlaskClient, name: str) -> None:
    commit({f"{name}.md": "The text.\n", "other.md": "Text\n"})
    answer = client.get(f"/{quote(name)}")
    assert answer.status_code == 200
    assert "The text." in answer.text
    assert client.get(f"/{quote(name)}.md").data == b"The text.\n"


def test_a_listing_leads_to_odd_names(commit: Commit, client: FlaskClient) -> None:
    commit({f"folder/{name}.md": "The text.\n" for name in ODD if "/" not in name})
    listed = re.findall(r'<a href="(/folder/[^"]+)" dir', main(client.get("/folder/").text))
    assert len(listed) == len(ODD) - 1
    for url in listed:
        assert client.get(unescape(url)).status_code == 200, url


def test_names_that_are_not_utf_8_are_served(repository: Repository, git_client: FlaskClient) -> None:
    repository.commit({b"caf\xe9.md": b"The text.\n", b"b\xff.txt": b"Bytes"})
    listing = git_client.get("/").text
    assert 'href="/caf%5Cxe9"' in listing
    assert "The text." in git_client.get("/caf%5Cxe9").text
    assert git_client.get("/b%5Cxff.txt").data == b"Bytes"


# -- what only git has


def test_a_symlink_is_shown_as_its_text(repository: Repository, git_client: FlaskClient) -> None:
    files: dict[str, Content] = {
        "passwd": File(b"/etc/passwd", SYMLINK),
        "page.md": File(b"../../etc/hostname", SYMLINK),
        "image.svg": File(b"<svg onload=alert(1)>", SYMLINK),
        "a.md": "See [[page]].\n",
    }
    repository.commit(files)
    answer = git_client.get("/passwd")
    assert answer.data == b"/etc/passwd"
    assert answer.mimetype == "text/plain"
    assert git_client.get("/page.md").data == b"../../etc/hostname"
    assert git_client.get("/page.md").mimetype == "text/plain"
    assert git_client.get("/image.svg").mimetype == "text/plain"
    assert git_client.get("/a").status_code == 200


def test_a_submodule_is_listed_and_not_served(repository: Repository, git_client: FlaskClient) -> None:
    files: dict[str, Content] = {
        "other": File(b"1" * 40, SUBMODULE),
        "a.md": "See [[other]] and ![[other]].\n",
    }
    repository.commit(files)
    assert git_client.get("/other").status_code == 404
    listing = git_client.get("/").text
    assert "other" in listing
    assert 'href="/other"' not in listing
    assert git_client.get("/a").status_code == 200


@pytest.mark.parametrize(
    "file",
    [File(b"1" * 40, SUBMODULE), File(b"elsewhere.toml", SYMLINK)],
    ids=["submodule", "symlink"],
)
def test_settings_that_are_no_file_are_none(
    repository: Repository, git_client: FlaskClient, file: File
) -> None:
    files: dict[str, Content] = {"quire.toml": file, "a.md": "The text.\n"}
    repository.commit(files)
    assert "The text." in git_client.get("/a").text


# -- what is beside a page


def test_a_page_shows_tags_backlinks_contents_and_its_last_change(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit(
        {
            "a.md": "---\ntags: [one two]\n---\n# A\n\n## First\n\n## Second\n",
            "b.md": "# The other\n\nHere is [[a]] mentioned.\n",
        }
    )
    wiki.catch_up()
    text = client.get("/a").text
    assert 'href="/-/tags/one-two"' in text
    assert '<a dir="auto" href="/b">The other</a>' in text
    assert "Here is a mentioned." in text
    assert '<a href="#second">Second</a>' in text
    assert '<time datetime="2026-01-01T00:00:00Z">January 1, 2026</time>' in text
    assert "Nobody" in text


def test_a_page_names_those_that_share_tags_and_links_with_it(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit({"a.md": "#wool\n", "b.md": "# The other\n\n#wool\n", "c.md": "Nothing\n"})
    wiki.catch_up()
    assert '<li><a href="/b" dir="auto">The other</a></li>' in client.get("/a").text
    assert "Related pages" not in client.get("/c").text


def test_problems_are_listed_beside_the_page(commit: Commit, client: FlaskClient) -> None:
    commit({"a.md": "---\ntitle: [\n---\nText\n"})
    assert "Problems on this page" in client.get("/a").text
