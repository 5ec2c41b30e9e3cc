"""Blame: each line with the change that brought it, back to where the page began."""

import re

import pytest
from flask.testing import FlaskClient

from engine import blaming
from engine.model import Author
from tests.wiki.test_diff import Revise, plain, revise

__all__ = ["revise"]

BEA = Author("Bea & Co", "bea@example.org")


def groups(html: str) -> list[tuple[str, list[int]]]:
    """Return the summary and the line numbers of each group."""
    found = []
    for body in re.findall(r"<tbody>(.*?)</tbody>", html, re.DOTALL):
        (who,) = re.findall(r'<th scope="rowgroup".*?</th>', body, re.DOTALL)
        found.append((plain(who), [int(number) for number in re.findall(r'id="L(\d+)"', body)]))
    return found


def test_lines_are_grouped_by_the_change_that_brought_them(revise: Revise, client: FlaskClient) -> None:
    first = revise({"a.md": "one\ntwo\nthree\n"}, "The <i>first</i>")
    second = revise({"a.md": "one\n2 <script>\nthree\n"}, "Second", BEA)
    answer = client.get("/-/blame/a")
    assert answer.status_code == 200
    text = answer.text
    found = groups(text)
    assert [numbers for _, numbers in found] == [[1], [2], [3]]
    assert "Second Bea &amp; Co" in found[1][0]
    assert "The &lt;i&gt;first&lt;/i&gt;" in found[0][0]
    assert '<td dir="auto">2 &lt;script&gt;</td>' in text
    assert '<a href="#L2">2</a>' in text
    assert f'href="/-/diff/a?from={first}&amp;to={second}"' in text
    assert f'href="/-/blame/a?rev={first}">Before this change' in text
    assert '<meta name="robots" content="noindex, nofollow">' in text


def test_one_can_step_back_past_a_change(revise: Revise, client: FlaskClient) -> None:
    first = revise({"a.md": "one\n"})
    second = revise({"a.md": "two\n"})
    revise({"a.md": "three\n"})
    text = client.get("/-/blame/a").text
    (back,) = re.findall(r'href="(/-/blame/a\?rev=[0-9a-f]+)"', text)
    assert back.endswith(second)
    text = client.get(back).text
    assert '<td dir="auto">two</td>' in text
    (back,) = re.findall(r'href="(/-/blame/a\?rev=[0-9a-f]+)"', text)
    assert back.endswith(first)
    assert "Before this change" not in client.get(back).text


def test_lines_are_followed_through_renames(revise: Revise, client: FlaskClient) -> None:
    text = "".join(f"Line {number}.\n" for number in range(10))
    revise({"old name.md": text}, "Begin")
    revise({"old name.md": None, "b.md": text}, "Move")
    revise({"b.md": text + "More.\n"}, "Add")
    html = client.get("/-/blame/b").text
    assert [numbers for _, numbers in groups(html)] == [list(range(1, 11)), [11]]
    assert "Begin" in groups(html)[0][0]
    assert "At old name.md" in plain(html)
    assert client.get("/-/blame/old%20name").headers["Location"] == "/-/blame/b"


def test_a_deleted_page_is_blamed_as_it_was_last(revise: Revise, client: FlaskClient) -> None:
    revise({"a.md": "one\n", "b.md": "b\n"})
    gone = revise({"a.md": None})
    assert '<td dir="auto">one</td>' in client.get("/-/blame/a").text
    assert client.get(f"/-/blame/a?rev={gone}").status_code == 404


def test_a_later_commit_that_left_the_page_alone_asks_git_for_nothing(
    revise: Revise, client: FlaskClient, store: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    revise({"a.md": "one\n"})
    assert client.get("/-/blame/a").status_code == 200
    later = revise({"b.md": "b\n"})
    monkeypatch.setattr(type(store), "blame", None)
    assert client.get("/-/blame/a").status_code == 200
    assert client.get(f"/-/blame/a?rev={later}").status_code == 200


def test_a_long_page_is_cut_into_pages(
    revise: Revise, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blaming, "LINES", 10)
    revise({"a.md": "".join(f"{number}\n" for number in range(1, 25))})
    revise({"a.md": "".join(f"{number}\n" for number in range(1, 26))})
    first, last = client.get("/-/blame/a").text, client.get("/-/blame/a?page=3").text
    assert groups(first)[0][1] == list(range(1, 11))
    assert 'rel="next" href="/-/blame/a?page=2"' in first
    assert [numbers for _, numbers in groups(last)] == [[21, 22, 23, 24], [25]]
    assert 'rel="next"' not in last
    assert groups(client.get("/-/blame/a?page=9").text) == groups(last)


def test_very_long_lines_are_cut(revise: Revise, client: FlaskClient) -> None:
    revise({"a.md": "".join("word " * 1_000 + "\n" for _ in range(3))})
    answer = client.get("/-/blame/a")
    assert "characters are not shown" in answer.text
    assert len(answer.data) < 30_000


def test_what_is_no_text_has_no_lines(revise: Revise, client: FlaskClient) -> None:
    revise({"a.png": b"\x89PNG\r\n\x1a\n\0\xff", "empty.md": ""})
    assert "no text" in client.get("/-/blame/a.png").text
    assert "The file is empty." in client.get("/-/blame/empty").text


def test_a_huge_file_is_refused_with_the_reason(revise: Revise, client: FlaskClient) -> None:
    revise({"a.txt": "x\n" * 1_100_000})
    answer = client.get("/-/blame/a.txt")
    assert answer.status_code == 413
    assert "2,000,000" in answer.text


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/-/blame/nowhere", 404),
        ("/-/blame/", 404),
        ("/-/blame/a?rev=HEAD", 404),
        ("/-/blame/a?rev=--contents%3D/etc/passwd", 404),
        ("/-/blame/a?rev=0000000", 404),
        ("/-/blame/a?page=0", 400),
        ("/-/blame/a?page=x", 400),
        ("/-/blame/a%00b", 404),
        ("/-/blame/../a", 404),
    ],
)
def test_bad_addresses_are_refused(revise: Revise, client: FlaskClient, address: str, code: int) -> None:
    revise({"a.md": "one\n"})
    assert client.get(address).status_code == code
