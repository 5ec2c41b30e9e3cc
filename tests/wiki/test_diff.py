"""Comparisons: what two revisions of a file differ in, for every kind of file, whoever asks however oddly."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from engine.model import Author
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki

ADA = Author("Ada <b>Byron</b>", "ada@example.org")
Revise = Callable[..., str]

OLD = "---\ntitle: Llama\ntags: [a, b]\n---\n# Llama\n\nThe quick brown fox.\n\n" + "".join(
    f"Line {number}.\n" for number in range(40)
)
NEW = OLD.replace("brown", "red").replace("tags: [a, b]", "tags: [a, c]") + "<script>alert(1)</script>\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0one"


@pytest.fixture
def revise(store: MemoryStore, wiki: Wiki) -> Revise:
    """Commit changes on top of the head, and let everything follow."""
    files: dict[str, bytes] = {}
    count = 0

    def make(
        changes: Mapping[str, str | bytes | None], summary: str = "A change", author: Author = ADA
    ) -> str:
        nonlocal count
        count += 1
        for path, content in changes.items():
            if content is None:
                del files[path]
            else:
                files[path] = content.encode() if isinstance(content, str) else content
        head = store.head()
        time = datetime(2026, 3, count, 12, tzinfo=UTC)
        made = store.commit_tree(files, [head] if head else [], author=author, summary=summary, time=time)
        store.set_head(made)
        wiki.catch_up()
        return made

    return make


def plain(html: str) -> str:
    """Return the text of a page, with one space between words."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_newest_revision_is_compared_with_the_one_before(revise: Revise, client: FlaskClient) -> None:
    first = revise({"llama.md": OLD}, "First")
    revise({"other.md": "Other\n"})
    second = revise({"llama.md": NEW}, "Second & last")
    answer = client.get("/-/diff/llama")
    assert answer.status_code == 200
    text = answer.text
    assert '<del class="word">brown</del>' in text
    assert '<ins class="word">red</ins>' in text
    assert first[:10] in text
    assert second[:10] in text
    assert "Second &amp; last" in text
    assert "1 March 2026" in plain(text) or "March 1, 2026" in plain(text)
    assert '<meta name="robots" content="noindex, nofollow">' in text
    assert "Ada &lt;b&gt;Byron" in text
    assert "<b>Byron" not in text
    assert client.get("/-/diff/llama", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_front_matter_is_compared_by_key(revise: Revise, client: FlaskClient) -> None:
    revise({"llama.md": OLD})
    revise({"llama.md": NEW})
    text = client.get("/-/diff/llama").text
    assert '<th scope="row"><bdi>tags</bdi></th>' in text
    assert '<td class="removed" dir="auto"><del>a, <del class="word">b</del></del></td>' in text
    assert "title" not in re.findall(r'<th scope="row"><bdi>(.*?)</bdi></th>', text)


@pytest.mark.parametrize("view", ["split", "unified"])
def test_both_views_show_the_same_changes(revise: Revise, client: FlaskClient, view: str) -> None:
    revise({"llama.md": OLD})
    revise({"llama.md": NEW})
    text = client.get(f"/-/diff/llama?view={view}").text
    assert f'<table class="lines {view}">' in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert '<span class="hidden">Removed: </span><del class="text" dir="auto">The quick' in text
    assert '<span class="hidden">Added: </span><ins class="text" dir="auto">The quick' in text
    assert 'id="quire:old-7"' in text
    assert 'id="quire:new-7"' in text
    assert "unchanged lines</summary>" in text
    assert 'href="#quire:change-2"' in text
    assert text.count('class="removed"') == 2  # a property, and a line
    assert text.count(f'value="{view}" selected') == 1


def test_no_space_is_added_to_a_line(revise: Revise, client: FlaskClient) -> None:
    revise({"a.md": "one\n"})
    revise({"a.md": "one\n  two  spaces \n"})
    assert '<ins class="text" dir="auto">  two  spaces </ins></td>' in client.get("/-/diff/a").text
    assert '<span class="text" dir="auto">one</span></td>' in client.get("/-/diff/a").text


def test_any_two_revisions_can_be_compared_in_either_order(revise: Revise, client: FlaskClient) -> None:
    commits = [revise({"a.md": f"Number {number} is here.\n"}) for number in range(4)]
    there = client.get(f"/-/diff/a?from={commits[0]}&to={commits[2]}").text
    assert '<del class="word">0</del>' in there
    assert '<ins class="word">2</ins>' in there
    back = client.get(f"/-/diff/a?from={commits[2][:7]}&to={commits[0][:10]}").text
    assert '<del class="word">2</del>' in back
    assert f'<option value="{commits[2]}" selected>' in back
    assert client.get(f"/-/diff/a?to={commits[1]}").text.count('<del class="word">0</del>') == 1
    same = client.get(f"/-/diff/a?from={commits[1]}&to={commits[1]}")
    assert "Both revisions have the same content" in same.text


def test_from_one_change_to_the_next(revise: Revise, client: FlaskClient) -> None:
    commits = [revise({"a.md": f"Number {number} is here.\n"}) for number in range(4)]
    text = client.get(f"/-/diff/a?from={commits[1]}&to={commits[2]}&view=unified").text
    assert f'rel="prev" href="/-/diff/a?from={commits[0]}&amp;to={commits[1]}&amp;view=unified"' in text
    assert f'rel="next" href="/-/diff/a?from={commits[2]}&amp;to={commits[3]}&amp;view=unified"' in text
    assert 'rel="prev"' not in client.get(f"/-/diff/a?to={commits[0]}").text
    assert 'rel="next"' not in client.get("/-/diff/a").text


def test_a_page_that_was_added_or_deleted_says_so(revise: Revise, client: FlaskClient) -> None:
    first = revise({"a.md": "One.\n", "b.md": "Stays.\n"})
    assert "The page was added." in client.get("/-/diff/a").text
    gone = revise({"a.md": None})
    text = client.get("/-/diff/a").text
    assert "The page was deleted." in text
    assert '<del class="text" dir="auto">One.</del>' in text
    assert client.get(f"/-/diff/a?to={first}").status_code == 200
    assert "The page was deleted." in client.get(f"/-/diff/a?from={first}&to={gone}").text
    again = revise({"a.md": "Again.\n"})
    assert client.get(f"/-/diff/a?from={first}&to={again}").status_code == 200


def test_a_change_of_an_earlier_page_is_compared_with_that_one(revise: Revise, client: FlaskClient) -> None:
    first = revise({"a.md": "one\n", "x.md": "x\n"})
    second = revise({"a.md": "one\ntwo\n"})
    revise({"a.md": None, "b.md": "one\ntwo\n"})
    last = revise({"a.md": "again\n"})
    text = client.get(f"/-/diff/a?to={second}").text
    assert "1 line added" in text
    assert "The page was added" not in text
    text = client.get(f"/a?rev={second}").text
    assert f'rel="prev nofollow" href="/a?rev={first}"' in text
    assert f'rel="next nofollow" href="/a?rev={last}"' in text
    assert f'href="/a?rev={second}"' in client.get(f"/a?rev={first}").text


def test_a_renamed_page_is_compared_under_each_of_its_names(revise: Revise, client: FlaskClient) -> None:
    revise({"old name.md": OLD})
    moved = revise({"old name.md": None, "folder/new name.md": OLD})
    text = client.get(f"/-/diff/folder/new%20name?to={moved}").text
    assert "The page was renamed." in text
    assert "old name.md" in text
    assert "No line of the text differs." in text
    revise({"folder/new name.md": NEW})
    moved_on = client.get("/-/diff/old%20name?view=unified")
    assert moved_on.headers["Location"] == "/-/diff/folder/new%20name?view=unified"
    assert '<ins class="word">red</ins>' in client.get("/-/diff/folder/new%20name").text


def test_images_stand_side_by_side(revise: Revise, client: FlaskClient) -> None:
    first = revise({"media/a.png": PNG})
    second = revise({"media/a.png": PNG + b"two"})
    text = client.get("/-/diff/media/a.png").text
    assert f'<img src="/media/a.png?rev={first}"' in text
    assert f'<img src="/media/a.png?rev={second}"' in text
    assert "image/png" in text
    assert "14 bytes" in text
    assert "cannot be compared" not in text
    assert client.get(f"/media/a.png?rev={first}").data == PNG


def test_other_files_are_told_by_size_and_type(revise: Revise, client: FlaskClient) -> None:
    revise({"a.bin": b"\0\1\2"})
    revise({"a.bin": b"\0\1\2\3"})
    text = client.get("/-/diff/a.bin").text
    assert "The file is no text" in text
    assert "3 bytes" in text
    assert "application/octet-stream" in text
    revise({"notes.txt": "one\n"})
    revise({"notes.txt": "two\n"})
    assert '<ins class="text" dir="auto">two</ins>' in client.get("/-/diff/notes.txt").text


def test_what_only_differs_in_line_ends_says_so(revise: Revise, client: FlaskClient) -> None:
    revise({"a.md": "one\ntwo\n"})
    revise({"a.md": "one\r\ntwo\r\n"})
    text = client.get("/-/diff/a").text
    assert "Lines end in other characters" in text
    assert "No line of the text differs." in text


def test_signs_that_nobody_sees_are_shown(revise: Revise, client: FlaskClient) -> None:
    revise({"a.md": "x\n"})
    revise({"a.md": "a\0b\u202ec\u2028d\x1be\n"})
    text = client.get("/-/diff/a").text
    assert "a␀b[U+202E]c[U+2028]d␛e" in text
    assert not set(text) & set("\0\u202e\u2028\x1b")


def test_a_huge_change_is_cut_and_says_how_much(revise: Revise, client: FlaskClient) -> None:
    revise({"a.md": "".join(f"old {number}\n" for number in range(6_000))})
    revise({"a.md": "".join(f"new {number}\n" for number in range(6_000))})
    answer = client.get("/-/diff/a")
    assert "9,000 more changed lines are not shown" in answer.text or "9000 more" in answer.text
    assert len(answer.data) < 3_000_000
    revise({"a.md": "x" * 3_000_000})
    assert "too large to be compared" in client.get("/-/diff/a").text


def test_moved_blocks_lead_to_each_other(revise: Revise, client: FlaskClient) -> None:
    block = "## Moved\n\nA paragraph that goes elsewhere.\n\n"
    rest = "".join(f"Line {number} stays where it has always been.\n" for number in range(6))
    revise({"a.md": block + rest})
    revise({"a.md": rest + "\n" + block})
    text = client.get("/-/diff/a").text
    links = re.findall(r'<a class="moved" href="#(.*?)">', text)
    assert len(links) == 2
    for link in links:
        assert f'id="{link}"' in text


@pytest.mark.parametrize(
    "query",
    [
        "from=HEAD",
        "to=main",
        "from=--output%3D/tmp/x",
        "to=123456",
        "from=" + "0" * 40,
        "to=abcdefg",
        "from=%00%00%00%00%00%00%00",
        "to=" + "a" * 5_000,
        "from=HEAD~1",
        "from=../../etc/passwd",
        "from=%F0%9F%92%A9%F0%9F%92%A9%F0%9F%92%A9%F0%9F%92%A9%F0%9F%92%A9%F0%9F%92%A9%F0%9F%92%A9",
    ],
)
def test_what_names_no_commit_is_not_found(revise: Revise, client: FlaskClient, query: str) -> None:
    revise({"a.md": "one\n"})
    answer = client.get(f"/-/diff/a?{query}")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "address", ["/-/diff/nowhere", "/-/diff/", "/-/diff", "/-/diff/%00", "/-/diff/" + "a" * 3_000]
)
def test_what_names_no_page_is_not_found(revise: Revise, client: FlaskClient, address: str) -> None:
    revise({"a.md": "one\n"})
    assert client.get(address).status_code == 404


def test_an_unknown_view_is_refused_with_what_there_is(revise: Revise, client: FlaskClient) -> None:
    revise({"a.md": "one\n"})
    answer = client.get("/-/diff/a?view=wide")
    assert answer.status_code == 400
    assert "split, unified" in answer.text


def test_odd_names_and_summaries_are_only_text(revise: Revise, client: FlaskClient) -> None:
    path = "<script>alert(2)</script>/\"'&.md"
    revise({path: "one\n"}, "<script>alert(3)</script>")
    revise({path: "two\n"}, "</q><script>alert(4)</script>")
    text = client.get("/-/diff/%3Cscript%3Ealert(2)%3C/script%3E/%22'&").text
    assert "two" in text
    assert not re.search(r"<script>alert", text)


def test_a_commit_that_does_not_have_the_page_is_an_empty_side(revise: Revise, client: FlaskClient) -> None:
    before = revise({"b.md": "b\n"})
    revise({"a.md": "one\n"})
    text = client.get(f"/-/diff/a?from={before}").text
    assert "It was not there at this revision." in text
    assert "The page was added." in text
    answer = client.get(f"/-/diff/a?from={before}&to={before}")
    assert answer.status_code == 404


@pytest.mark.parametrize("view", ["history", "diff", "blame"])
def test_what_is_gone_leads_to_no_folder_that_may_be_gone(
    revise: Revise, client: FlaskClient, view: str
) -> None:
    revise({"a/b.md": "One.\n", "c.md": "Stays.\n"})
    revise({"a/b.md": None})
    shown = client.get(f"/-/{view}/a/b")
    assert shown.status_code == 200
    assert 'href="/a/"' not in shown.text
