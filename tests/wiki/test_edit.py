"""Editing in the browser, without scripts: what people type is saved, or comes back; never lost."""

import re
from collections.abc import Mapping
from html import unescape
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse, encode_multipart

from engine.access import ANONYMOUS, Role
from engine.errors import StoreError
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.people import cookie_name, send, signed_in
from tests.states import end_sessions
from wiki import create_app
from wiki.current import site
from wiki.settings import Settings
from wiki.state import State
from wiki.state.drafts import Drafts


@pytest.fixture
def commit(commit: Commit, wiki: Wiki) -> Commit:
    """Commit as others do while the wiki follows: what began before can be merged with it."""

    def make(changes: Mapping[str, str | bytes | None]) -> str:
        made = commit(changes)
        wiki.catch_up()
        return made

    return make


@pytest.fixture
def editor(app: Flask, wiki: Wiki) -> FlaskClient:
    wiki.catch_up()
    return signed_in(app, "ada", Role.EDITOR)


def fields(html: str) -> dict[str, str]:
    """Read the form of a page as a browser does."""
    form = html[html.index('<form method="post" action="/-/edit/') :]
    form = form[: form.index("</form>")]
    found = {
        unescape(match["name"]): unescape(match["value"])
        for match in re.finditer(r'<input[^>]*? name="(?P<name>[^"]*)" value="(?P<value>[^"]*)"', form)
    }
    text = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", form, re.DOTALL)
    assert text is not None
    return found | {"text": unescape(text[1])}


def test_a_page_is_edited(commit: Commit, editor: FlaskClient, wiki: Wiki) -> None:
    commit({"a.md": "one\n"})
    sent = fields(editor.get("/-/edit/a").text)
    assert sent["text"] == "one\n"
    answer = send_parts(editor, "/-/edit/a", sent | {"text": "one\r\ntwo\r\n", "summary": "Add two"})
    assert (answer.status_code, answer.location) == (303, "/a")
    assert editor.get("/a.md").text == "one\ntwo\n"
    wiki.catch_up()
    assert "Add two" in editor.get("/-/history/a").text


def save(editor: FlaskClient, text: str, page: str = "a", **more: str) -> TestResponse:
    return editor.post(
        f"/-/edit/{page}", data=fields(editor.get(f"/-/edit/{page}").text) | {"text": text} | more
    )


def test_a_page_is_made(editor: FlaskClient) -> None:
    answer = editor.get("/-/new?title=Llama+Organization&folder=people")
    assert (answer.status_code, answer.location) == (
        302,
        "/-/edit/people/llama-organization?title=Llama+Organization",
    )
    sent = fields(editor.get(answer.location).text)
    assert sent["text"] == "# Llama Organization\n\n"
    answer = editor.post("/-/edit/people/llama-organization", data=sent)
    assert answer.location == "/people/llama-organization"
    assert editor.get("/people/llama-organization.md").text == "# Llama Organization\n\n"


def test_a_page_that_is_there_is_not_made_again(commit: Commit, editor: FlaskClient) -> None:
    commit({"big-idea.md": "x\n"})
    answer = editor.get("/-/new?title=Big+Idea")
    assert answer.status_code == 409
    assert 'href="/big-idea"' in answer.text
    assert editor.get("/-/edit/Big_Idea").location == "/-/edit/big-idea"


@pytest.mark.parametrize("title", ["???", "..", "%00"])
def test_a_title_that_can_name_nothing_says_so(editor: FlaskClient, title: str) -> None:
    answer = editor.get(f"/-/new?title={title}")
    assert answer.status_code in {200, 422}
    assert '<form action="/-/new"' in answer.text


def test_a_page_begins_as_its_template(commit: Commit, editor: FlaskClient, wiki: Wiki) -> None:
    commit({"templates/meeting.md": "# {{title}}\n\n## Decisions\n"})
    wiki.catch_up()
    assert 'value="templates/meeting"' in editor.get("/-/new").text
    place = editor.get("/-/new?title=Monday&template=templates/meeting").location
    assert fields(editor.get(place).text)["text"] == "# Monday\n\n## Decisions\n"


def test_a_missing_page_can_be_made(editor: FlaskClient, app: Flask) -> None:
    answer = editor.get("/notes/Big%20Idea")
    assert answer.status_code == 404
    assert 'href="/-/new?title=Big+Idea&amp;folder=notes"' in answer.text


def test_a_section_is_edited_alone(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": "# A\n\nfirst\n\n## B\n\nsecond\n\n## C\n\nthird\n"})
    assert 'href="/-/edit/a?section=b"' in editor.get("/a").text
    sent = fields(editor.get("/-/edit/a?section=b").text)
    assert sent["text"] == "## B\n\nsecond\n\n"
    answer = editor.post("/-/edit/a", data=sent | {"text": "## B\n\nSECOND"})
    assert answer.location == "/a#b"
    assert editor.get("/a.md").text == "# A\n\nfirst\n\n## B\n\nSECOND\n## C\n\nthird\n"


def test_a_section_and_the_rest_are_merged(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": "# A\n\nfirst\n\n## B\n\nsecond\n"})
    sent = fields(editor.get("/-/edit/a?section=b").text)
    commit({"a.md": "# A\n\nFIRST\n\n## B\n\nsecond\n"})
    answer = editor.post("/-/edit/a", data=sent | {"text": "## B\n\nSECOND\n"})
    assert answer.location == "/a?saved=merged#b"
    assert editor.get("/a.md").text == "# A\n\nFIRST\n\n## B\n\nSECOND\n"
    assert "Others had changed the page" in editor.get("/a?saved=merged").text


def test_a_section_that_is_not_there_gives_the_whole_page(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": "> ## Quoted\n\ntext\n"})
    sent = fields(editor.get("/-/edit/a?section=quoted").text)
    assert (sent["text"], sent["section"]) == ("> ## Quoted\n\ntext\n", "")


def test_a_preview_keeps_what_was_typed_and_saves_nothing(commit: Commit, editor: FlaskClient) -> None:
    head = commit({"a.md": "one\n"})
    answer = save(editor, "**two** [^1]\n", action="preview", summary="Why")
    assert answer.status_code == 200
    assert "<strong>two</strong>" in answer.text
    assert "Line 1:" in answer.text
    sent = fields(answer.text)
    assert (sent["text"], sent["summary"]) == ("**two** [^1]\n", "Why")
    assert editor.application.extensions["quire"].wiki.head() == head


def test_changes_are_shown_before_they_are_saved(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": "one\n"})
    answer = save(editor, "one\ntwo\n", action="changes")
    assert '<ins class="text" dir="auto">two</ins>' in answer.text
    assert fields(answer.text)["text"] == "one\ntwo\n"
    assert "Nothing is changed." in save(editor, "one\n", action="changes").text


def test_an_unknown_action_does_nothing(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": "one\n"})
    assert save(editor, "two\n", action="drop").status_code == 400


def test_the_first_line_may_be_empty(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": "\n\none\n"})
    assert fields(editor.get("/-/edit/a").text)["text"] == "\n\none\n"


def test_markup_in_a_text_stays_in_its_field(commit: Commit, editor: FlaskClient) -> None:
    text = "</textarea><script>alert(1)</script>&amp;\n"
    commit({"a.md": text})
    answer = editor.get("/-/edit/a")
    assert "<script>alert" not in answer.text
    assert fields(answer.text)["text"] == text


def test_two_who_edit_one_line_are_shown_both(commit: Commit, editor: FlaskClient, wiki: Wiki) -> None:
    commit({"a.md": "start\n\none line\n\nend\n"})
    sent = fields(editor.get("/-/edit/a").text)
    theirs = commit({"a.md": "start\n\none longer line\n\nend\n"})
    wiki.catch_up()
    answer = editor.post(
        "/-/edit/a", data=sent | {"text": "start\n\none short line\n\nend\n", "summary": "Shorten"}
    )
    assert answer.status_code == 409
    assert 'one <ins class="word">longer' in answer.text
    assert 'one <ins class="word">short' in answer.text
    again = fields(answer.text)
    assert again["text"] == "start\n\none short line\n\nend\n"
    assert again["summary"] == "Shorten"
    assert wiki.head() == theirs


@pytest.mark.parametrize(
    ("choice", "line"),
    [
        ("ours", "mine\n"),
        ("theirs", "other\n"),
        ("both", "other\n\nmine\n"),
        ("base", "one\n"),
        ("", "mine\n"),
    ],
)
def test_a_conflict_is_resolved(commit: Commit, editor: FlaskClient, choice: str, line: str) -> None:
    commit({"a.md": "start\n\none\n\nend\n"})
    sent = fields(editor.get("/-/edit/a").text)
    commit({"a.md": "START\n\nother\n\nend\n"})
    shown = editor.post("/-/edit/a", data=sent | {"text": "start\n\nmine\n\nend\n"})
    again = fields(shown.text) | {"choice-1": choice}
    by_hand = editor.post("/-/edit/a", data=again | {"action": "by-hand"})
    assert fields(by_hand.text)["text"] == f"START\n\n{line}\nend\n"
    assert editor.post("/-/edit/a", data=again | {"action": "resolve"}).status_code == 303
    assert editor.get("/a.md").text == f"START\n\n{line}\nend\n"


def test_of_a_page_that_took_the_place_of_ones_own_both_texts_are_shown(
    commit: Commit, editor: FlaskClient
) -> None:
    lines = "".join(f"line {n}\n\n" for n in range(9))
    commit({"a.md": lines, "b.md": f"# B\n\n{lines}"})
    sent = fields(editor.get("/-/edit/a").text)
    commit({"a.md": None})
    commit({"a.md": f"# B\n\n{lines}", "b.md": None})
    shown = editor.post("/-/edit/a", data=sent | {"text": f"{lines}mine\n"})
    assert shown.status_code == 409
    again = fields(shown.text)
    assert again["text"] == f"{lines}mine\n"
    assert editor.get("/a.md").text == f"# B\n\n{lines}"
    chosen = editor.post("/-/edit/a", data=again | {"choice-1": "both", "action": "resolve"})
    assert chosen.status_code == 303
    assert editor.get("/a.md").text == f"# B\n\n{lines}{lines}mine\n"


def test_a_conflict_can_meet_another_one(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": "one\n"})
    sent = fields(editor.get("/-/edit/a").text)
    commit({"a.md": "other\n"})
    again = fields(editor.post("/-/edit/a", data=sent | {"text": "mine\n"}).text)
    commit({"a.md": "third\n"})
    answer = editor.post("/-/edit/a", data=again | {"action": "resolve", "choice-1": "ours"})
    assert answer.status_code == 409
    assert fields(answer.text)["text"] == "mine\n"


def test_the_text_for_a_page_that_was_deleted_is_kept(
    commit: Commit, editor: FlaskClient, wiki: Wiki
) -> None:
    commit({"a.md": "one\n", "b.md": "x\n"})
    sent = fields(editor.get("/-/edit/a").text)
    commit({"a.md": None})
    wiki.catch_up()
    answer = editor.post("/-/edit/a", data=sent | {"text": "two\n"})
    assert answer.status_code == 409
    assert "It was deleted on" in answer.text
    again = fields(answer.text)
    assert (again["text"], again["base"]) == ("two\n", "")
    assert editor.post("/-/edit/a", data=again).status_code == 303
    assert editor.get("/a.md").text == "two\n"


def test_the_text_for_a_page_that_was_renamed_goes_there(
    commit: Commit, editor: FlaskClient, wiki: Wiki
) -> None:
    text = "a line that stays\n" * 9
    commit({"a.md": text})
    sent = fields(editor.get("/-/edit/a").text)
    commit({"a.md": None, "n/b.md": text})
    wiki.catch_up()
    answer = editor.post("/-/edit/a", data=sent | {"text": f"{text}more\n"})
    assert answer.location == "/n/b"
    assert editor.get("/n/b.md").text == f"{text}more\n"


def test_two_who_make_one_page_are_shown_both(commit: Commit, editor: FlaskClient) -> None:
    commit({"b.md": "x\n"})
    sent = fields(editor.get("/-/edit/a").text)
    commit({"a.md": "theirs\n"})
    answer = editor.post("/-/edit/a", data=sent | {"text": "mine\n"})
    assert answer.status_code == 409
    again = fields(answer.text) | {"action": "resolve", "choice-1": "both"}
    assert editor.post("/-/edit/a", data=again).status_code == 303
    assert editor.get("/a.md").text == "theirs\n\nmine\n"


def test_whatever_is_refused_comes_back_with_its_text(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": "one\n", "Big-Idea.md": "x\n"})
    too_large = save(editor, "x" * 1_000_001)
    assert too_large.status_code == 413
    assert len(fields(too_large.text)["text"]) == 1_000_001
    odd = save(editor, "two\n", base="0" * 40)
    assert odd.status_code == 422
    assert fields(odd.text)["text"] == "two\n"
    sent = fields(editor.get("/-/edit/a").text)
    clash = editor.post("/-/edit/big_idea", data=sent | {"base": "", "text": "mine\n"})
    assert clash.status_code == 422
    assert "the same address as Big-Idea.md" in clash.text
    assert fields(clash.text)["text"] == "mine\n"
    assert editor.post("/-/edit/x/../y", data=sent).status_code == 400


def test_a_field_that_was_sent_twice_is_refused(commit: Commit, editor: FlaskClient) -> None:
    head = commit({"a.md": "one\n"})
    sent = fields(editor.get("/-/edit/a").text)
    answer = editor.post("/-/edit/a", data=MultiDict([*sent.items(), ("base", "y")]))
    assert answer.status_code == 400
    assert editor.application.extensions["quire"].wiki.head() == head


def test_readers_are_shown_no_form(commit: Commit, client: FlaskClient) -> None:
    head = commit({"a.md": "# A\n\n## B\n"})
    for address in ("/-/edit/a", "/-/new", "/-/edit/new"):
        assert client.get(address).status_code == 403
    assert client.post("/-/edit/a", data={"text": "x", "base": ""}).status_code in {400, 403}
    assert client.application.extensions["quire"].wiki.head() == head
    page = client.get("/a").text
    assert "/-/edit/" not in page
    assert "/-/new" not in client.get("/gone").text


def test_settings_are_for_admins(commit: Commit, editor: FlaskClient) -> None:
    commit({"quire.toml": "title = 'x'\n"})
    for address in ("/-/edit/quire.toml", "/-/edit/.hidden", "/-/edit/-/x", "/-/edit/robots.txt"):
        assert editor.get(address).status_code in {403, 422}


@pytest.mark.parametrize("page", ["f/a", "f/new one", "a&b"])
def test_the_form_leads_to_the_files_beside_the_page(
    commit: Commit, editor: FlaskClient, wiki: Wiki, page: str
) -> None:
    commit({"f/a.md": "one\n", "f/m.png": b"\x89PNG\r\n\x1a\n"})
    wiki.catch_up()
    shown = editor.get(f"/-/edit/{quote(page)}").text
    link = re.search(r'<a href="(/-/media[^"]*)" target="_blank">Files beside this page</a>', shown)
    assert link is not None
    beside = editor.get(unescape(link[1]))
    assert beside.status_code == 200
    folder = page.rpartition("/")[0]
    assert f'name="folder" value="{folder}"' in beside.text
    assert "m.png" in beside.text  # the top lists what lies below, too


def test_headings_of_a_page_are_told(commit: Commit, client: FlaskClient) -> None:
    commit({"n/a.md": "# A\n\n## B *b*\n"})
    assert client.get("/-/outline/n/a").json == [
        {"text": "A", "level": 1, "anchor": "a"},
        {"text": "B b", "level": 2, "anchor": "b-b"},
    ]
    assert client.get("/-/outline/gone").status_code == 404


def test_a_part_of_a_page_is_previewed(commit: Commit, editor: FlaskClient) -> None:
    commit({"n/a.md": "# A\n"})
    answer = send(editor, "/-/preview", "/-/new", path="n/new.md", text="[[a]] <script>x</script>")
    assert answer.status_code == 200
    assert 'href="/n/a"' in answer.text
    assert "<script" not in answer.text
    assert "<html" not in answer.text


def test_names_with_odd_characters_can_be_edited(commit: Commit, editor: FlaskClient) -> None:
    name = 'odd "q" & <b> #1 ?x=1 100%'
    commit({f"{name}.md": "one\n"})
    address = f"/-/edit/{quote(name)}"
    answer = editor.post(address, data=fields(editor.get(address).text) | {"text": "two\n"})
    assert answer.status_code == 303
    assert editor.get(answer.location).status_code == 200
    assert editor.get(f"/{quote(name)}.md").text == "two\n"


def test_a_conflict_in_front_matter_is_for_one_side(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": "---\ntitle: One\n---\ntext\n"})
    sent = fields(editor.get("/-/edit/a").text)
    commit({"a.md": "---\ntitle: Theirs\n---\ntext\n"})
    shown = editor.post("/-/edit/a", data=sent | {"text": "---\ntitle: Mine\n---\ntext\n"})
    assert shown.status_code == 409
    assert 'value="both"' not in shown.text
    again = fields(shown.text) | {"action": "resolve", "choice-1": "both"}
    assert editor.post("/-/edit/a", data=again).status_code == 303
    assert editor.get("/a.md").text == "---\ntitle: Mine\n---\ntext\n"


def test_title_and_tags_have_fields_of_their_own(commit: Commit, editor: FlaskClient) -> None:
    text = "---\n# About\ntags: [a, b] # few\nstatus: kept\n---\n# A\n"
    commit({"a.md": text})
    sent = fields(editor.get("/-/edit/a").text)
    assert (sent["title"], sent["tags"]) == ("", "a, b")
    shown = editor.post("/-/edit/a", data=sent | {"tags": "a, c", "title": "T: one", "action": "preview"})
    again = fields(shown.text)
    assert "status: kept" in again["text"]
    assert "# About" in again["text"]
    assert (again["title"], again["tags-was"]) == ("T: one", "a, c")
    assert editor.post("/-/edit/a", data=again | {"aliases": "B, C"}).status_code == 303
    page = editor.get("/a").text
    assert "<title>T: one" in page
    assert 'href="/-/tags/c"' in page
    assert editor.get("/B").location == "/a"


FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


def test_a_text_survives_a_session_that_has_ended(commit: Commit, app: Flask, editor: FlaskClient) -> None:
    head = commit({"a.md": "one\n"})
    sent = fields(editor.get("/-/edit/a").text) | {"text": "two\n", "summary": "Why"}
    end_sessions(site(app).state, "ada")
    answer = editor.post("/-/edit/a", data=sent, headers=FROM_HERE)
    assert answer.status_code == 403
    assert 'href="/-/login"' in answer.text
    again = fields(answer.text)
    assert (again["text"], again["summary"], again["base"]) == ("two\n", "Why", sent["base"])
    assert site(app).wiki.head() == head
    back = signed_in(app, "ada")
    editor.set_cookie(cookie_name(app), back.get_cookie(cookie_name(app)).decoded_value)  # type: ignore[union-attr]
    late = editor.post("/-/edit/a", data=again, headers=FROM_HERE)
    assert "Press save again." in late.text
    assert editor.post("/-/edit/a", data=fields(late.text)).status_code == 303
    assert editor.get("/a.md").text == "two\n"


def test_a_text_survives_also_where_one_has_to_log_in_to_read(
    commit: Commit, wiki: Wiki, state: State
) -> None:
    head = commit({"secret.md": "# Zebra\n", "quire.toml": 'title = "Garden"\n'})
    app = create_app(Settings(anonymous="nobody"), wiki, state)
    editor = signed_in(app, "ada", Role.EDITOR)
    sent = fields(editor.get("/-/edit/secret").text) | {"text": "two\n"}
    end_sessions(state, "ada")
    answer = editor.post("/-/edit/secret", data=sent, headers=FROM_HERE)
    assert answer.status_code == 403
    assert fields(answer.text)["text"] == "two\n"
    assert not {"Zebra", "Garden"} & set(re.findall(r"\w+", answer.text))
    assert "Quire-Commit" not in answer.headers
    assert wiki.head() == head


def test_a_form_from_another_site_is_not_even_shown_again(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": "one\n"})
    sent = fields(editor.get("/-/edit/a").text)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        answer = editor.post("/-/edit/a", data=sent | {"csrf": "forged", "text": "evil"}, headers=headers)
        assert answer.status_code == 403
        assert "evil" not in answer.text
    assert editor.get("/a.md").text == "one\n"


def test_the_local_person_edits_under_the_name_that_git_knows(
    commit: Commit, local: FlaskClient, wiki: Wiki
) -> None:
    commit({"a.md": "one\n"})
    wiki.catch_up()
    assert save(local, "two\n").status_code == 303
    assert "Local" in local.get("/-/history/a").text


def test_a_draft_is_kept_and_goes_when_it_is_saved(commit: Commit, editor: FlaskClient, wiki: Wiki) -> None:
    commit({"a.md": "one\n"})
    wiki.catch_up()
    assert editor.get("/-/drafts?key=a.md").status_code == 204
    sent = fields(editor.get("/-/edit/a").text)
    assert (
        send(editor, "/-/drafts", "/-/new", key="a.md", text="two\r\n", base=sent["base"]).status_code == 204
    )
    kept = editor.get("/-/drafts?key=a.md").json
    assert kept is not None
    assert (kept["text"], kept["base"], kept["time"][-1]) == ("two\n", sent["base"], "Z")
    assert "a.md" in editor.get("/-/drafts").text
    answer = editor.post("/-/edit/a", data=sent | {"text": "two\n"})
    assert "quire_saved=a.md" in answer.headers["Set-Cookie"]
    assert editor.get("/-/drafts?key=a.md").status_code == 204


def test_a_draft_follows_its_page_and_can_be_discarded(
    commit: Commit, editor: FlaskClient, wiki: Wiki
) -> None:
    text = "a line that stays\n" * 9
    commit({"a.md": text})
    wiki.catch_up()
    send(editor, "/-/drafts", "/-/new", key="a.md", text="two\n")
    commit({"a.md": None, "b.md": text})
    wiki.catch_up()
    assert editor.get("/-/drafts?key=b.md").json["text"] == "two\n"  # type: ignore[index]
    assert send(editor, "/-/drafts", "/-/new", key="b.md", discard="1", list="1").location == "/-/drafts"
    assert "There are none." in editor.get("/-/drafts").text


def test_drafts_are_for_one_person(
    commit: Commit, app: Flask, editor: FlaskClient, client: FlaskClient
) -> None:
    commit({"a.md": "one\n"})
    send(editor, "/-/drafts", "/-/new", key="a.md", text="mine\n")
    assert signed_in(app, "bob", Role.EDITOR).get("/-/drafts?key=a.md").status_code == 204
    assert client.get("/-/drafts").status_code == 403


def test_links_to_a_renamed_heading_are_offered_for_rewriting(
    commit: Commit, editor: FlaskClient, wiki: Wiki
) -> None:
    commit({"a.md": "# A\n\n[[#Old part]]\n\n## Old part\n", "b.md": "[[a#Old part|label]]\n"})
    wiki.catch_up()
    new = "# A\n\n[[#Old part]]\n\n## New part\n"
    asked = save(editor, new)
    assert asked.status_code == 200
    assert "2 links lead to headings that you renamed" in asked.text
    assert "Old part" in editor.get("/a.md").text
    again = fields(asked.text)
    assert editor.post("/-/edit/a", data=again | {"links": "rewrite"}).status_code == 303
    assert editor.get("/a.md").text == "# A\n\n[[#New part]]\n\n## New part\n"
    assert editor.get("/b.md").text == "[[a#New part|label]]\n"
    left = save(editor, "# A\n\n## Third\n", links="keep")
    assert left.status_code == 303
    assert editor.get("/b.md").text == "[[a#New part|label]]\n"


UNCHANGEABLE = {
    "broken": "---\ntitle: [broken\n---\nx\n",
    "colon": "---\ntitle: A: B\n---\nx\n",
    "braces": "---\n{title: A, tags: [x]}\n---\nx\n",
    "anchor": "---\ntags: &t [x]\nother: *t\n---\nx\n",
    "twice": "---\ntitle: A\ntitle: B\n---\nx\n",
    "template": "---\ntitle: {{title}}\n---\nx\n",
    "large": f"---\ntitle: A\nz: {'q' * 70_000}\n---\nx\n",
    "list": "---\n- a\n- b\n---\nx\n",
    "comment": "---\n# only\n---\nx\n",
    "unclosed": "---\ntitle: A\nx\n",
}


@pytest.mark.parametrize("text", UNCHANGEABLE.values(), ids=UNCHANGEABLE)
@pytest.mark.parametrize("action", ["save", "preview", "changes"])
def test_front_matter_that_cannot_be_changed_by_key_has_no_fields_and_loses_no_text(
    commit: Commit, editor: FlaskClient, text: str, action: str
) -> None:
    commit({"a.md": text})
    form = editor.get("/-/edit/a").text
    sent = fields(form)
    assert "tags" not in sent
    assert "cannot be changed key by key. Edit it as text." in form
    typed = {"text": f"{text}precious\n", "tags": "new", "title": "Also", "summary": "Why", "action": action}
    answer = editor.post("/-/edit/a", data=sent | typed)
    assert answer.status_code == 422
    assert "cannot be changed key by key; write title" in answer.text
    again = fields(answer.text)
    assert again["text"] == typed["text"]
    assert (again["tags"], again["title"], again["summary"]) == ("new", "Also", "Why")
    assert editor.get("/a.md").text == text
    saved = editor.post("/-/edit/a", data=again | {"text": "good\n"})
    assert saved.status_code == 303
    assert editor.get("/a.md").text == "---\ntitle: Also\ntags: [new]\n---\ngood\n"


def test_front_matter_without_such_fields_is_edited_as_text(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": UNCHANGEABLE["comment"]})
    assert save(editor, "---\n# only\n# two\n---\nx\n").status_code == 303
    assert editor.get("/a.md").text == "---\n# only\n# two\n---\nx\n"


def test_many_tags_are_sent_whole_and_too_many_come_back(commit: Commit, editor: FlaskClient) -> None:
    tags = ", ".join(f"a-long-tag-{number}" for number in range(60))
    commit({"a.md": f"---\ntags: [{tags}]\n---\nx\n"})
    sent = fields(editor.get("/-/edit/a").text)
    assert editor.post("/-/edit/a", data=sent | {"tags": f"first, {tags}, last"}).status_code == 303
    assert editor.get("/a.md").text == f"---\ntags: [first, {tags}, last]\n---\nx\n"
    sent = fields(editor.get("/-/edit/a").text) | {"tags": "y" * 70_000, "text": "precious\n"}
    refused = editor.post("/-/edit/a", data=sent)
    assert refused.status_code == 422
    again = fields(refused.text)
    assert (again["tags"], again["text"], again["tags-was"]) == (sent["tags"], "precious\n", sent["tags-was"])


def test_what_was_typed_beside_the_text_survives_as_well(
    commit: Commit, app: Flask, editor: FlaskClient
) -> None:
    commit({"a.md": "---\ntitle: Old\ntags: [a]\n---\none\n"})
    sent = fields(editor.get("/-/edit/a").text)
    typed = {"text": sent["text"] + "two\n", "title": "New", "tags": "a, b", "aliases": "C", "summary": "Why"}
    unknown = editor.post("/-/edit/a", data=sent | typed | {"base": "1" * 40, "action": "changes"})
    assert unknown.status_code == 422
    end_sessions(site(app).state, "ada")
    late = editor.post("/-/edit/a", data=sent | typed, headers=FROM_HERE)
    assert late.status_code == 403
    for answer in (unknown, late):
        again = fields(answer.text)
        assert {key: again[key] for key in typed} == typed
        assert (again["title-was"], again["tags-was"]) == ("Old", "a")
    back = signed_in(app, "ada")
    editor.set_cookie(cookie_name(app), back.get_cookie(cookie_name(app)).decoded_value)  # type: ignore[union-attr]
    again = fields(editor.post("/-/edit/a", data=fields(late.text), headers=FROM_HERE).text)
    assert editor.post("/-/edit/a", data=again).status_code == 303
    assert editor.get("/a.md").text == "---\ntitle: New\ntags: [a, b]\naliases: [C]\n---\none\ntwo\n"


BECOME: list[dict[str, str | bytes | None]] = [
    {"a.md": b"caf\xe9\n"},
    {"a.md": None, "a": b"\0\1"},
    {"a.md": None, "a.md/b.md": "c\n"},
]


@pytest.mark.parametrize("action", ["save", "preview", "changes"])
@pytest.mark.parametrize("become", BECOME, ids=["no text", "a file", "a folder"])
def test_a_text_survives_what_its_page_has_become(
    commit: Commit, editor: FlaskClient, wiki: Wiki, become: dict[str, str | bytes | None], action: str
) -> None:
    commit({"a.md": "one\n"})
    sent = fields(editor.get("/-/edit/a").text) | {"text": "precious\n", "tags": "x", "action": action}
    commit(become)
    wiki.catch_up()
    answer = editor.post("/-/edit/a", data=sent)
    assert "precious" in fields(answer.text)["text"]
    assert answer.status_code in ({409, 422} if action == "save" else {200, 422})
    late = editor.post("/-/edit/a", data=sent | {"csrf": "old"}, headers=FROM_HERE)
    assert fields(late.text)["text"] == "precious\n"


def test_a_text_that_nothing_could_be_done_with_is_in_the_browser_still(
    commit: Commit, editor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit({"a.md": "one\n"})
    sent = fields(editor.get("/-/edit/a").text)

    def fail(*_: object) -> None:
        raise StoreError("git is missing")

    monkeypatch.setattr(Wiki, "at", fail)
    answer = editor.post("/-/edit/a", data=sent)
    assert answer.status_code == 503
    assert "git is missing" in answer.text
    assert "Go back in your browser" in answer.text


@pytest.mark.parametrize("part", ["get", "delete"])
def test_what_is_saved_is_said_to_be_also_where_its_draft_cannot_go(
    commit: Commit,
    editor: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    part: str,
) -> None:
    commit({"a.md": "one\n"})
    send(editor, "/-/drafts", "/-/new", key="a.md", text="two\n")
    sent = fields(editor.get("/-/edit/a").text) | {"text": "two\n"}

    def fail(*_: object) -> None:
        raise StoreError("database is locked")

    monkeypatch.setattr(Drafts, part, fail)
    answer = editor.post("/-/edit/a", data=sent)
    assert (answer.status_code, answer.location) == (303, "/a")
    assert "quire_saved=a.md" in answer.headers["Set-Cookie"]
    assert "'a.md' stays after it was saved: database is locked" in caplog.text
    assert editor.get("/a.md").text == "two\n"


def test_drafts_of_pages_with_long_names_are_told_apart(commit: Commit, editor: FlaskClient) -> None:
    folder = f"{'d' * 250}/{'e' * 250}/{'f' * 250}"
    keys = [f"{folder}/{name}.md" for name in ("one", "two")]
    keys += [f"{folder}/one.md#{'g' * 200}"]
    commit(dict.fromkeys(keys[:2], "x\n"))
    for key in keys:
        assert send(editor, "/-/drafts", "/-/new", key=key, text=key).status_code == 204
    for key in keys:
        assert editor.get(f"/-/drafts?key={quote(key)}").json["text"] == key  # type: ignore[index]
    assert send(editor, "/-/drafts", "/-/new", key="x" * 2_000, text="x").status_code == 400


def test_a_field_of_one_line_is_one_line(commit: Commit, editor: FlaskClient, wiki: Wiki) -> None:
    commit({"a.md": "one\n"})
    lines = "Add\r\n\r\nQuire-Key: k"
    assert save(editor, "two\n", summary=lines, title="T\r\nrole: admin").status_code == 303
    assert editor.get("/a.md").text == '---\ntitle: "T role: admin"\n---\ntwo\n'
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        said = snapshot.past.recent().changes[0].revision.summary
    assert said == "Add Quire-Key: k"
    sent = fields(editor.get("/-/edit/new").text) | {"section": "x\r\nSet-Cookie: a=b#c%"}
    answer = editor.post("/-/edit/new", data=sent)
    assert (answer.status_code, answer.location) == (303, "/new#x%20Set-Cookie%3A%20a%3Db%23c%25")


def links(html: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'href="(/-/edit/[^"]*draft=[^"]*)"', html)]


LONG_TEXT = "## B\n\n" + "many words " * 50 + "\n"


def test_drafts_are_read_and_opened_without_scripts(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": "# A\n\n## B\n\nsecond\n"})
    sent = fields(editor.get("/-/edit/a?section=b").text)
    send(editor, "/-/drafts", "/-/new", key="a.md#b", text=LONG_TEXT, base=sent["base"], summary="Why")
    send(editor, "/-/drafts", "/-/new", key="a.md", text="# A\n", base=sent["base"])
    shown = editor.get("/-/drafts").text
    assert LONG_TEXT in unescape(shown)
    of_section = next(link for link in links(shown) if "section=b" in link)
    form = editor.get(of_section)
    assert "This is your draft of" in form.text
    assert "data-unsaved" in form.text
    again = fields(form.text)
    assert (again["text"], again["section"], again["summary"]) == (LONG_TEXT, "b", "Why")
    assert again["base"] == sent["base"]
    assert editor.post("/-/edit/a", data=again).status_code == 303
    assert editor.get("/a.md").text == f"# A\n\n{LONG_TEXT}"
    (left,) = links(editor.get("/-/drafts").text)
    assert "The page has changed since." in editor.get(left).text
    number = left.rpartition("=")[2]
    assert send(editor, "/-/drafts", "/-/new", draft=number, discard="1", list="1").status_code == 303
    assert "There are none." in editor.get("/-/drafts").text
    assert fields(editor.get(left).text)["text"] == f"# A\n\n{LONG_TEXT}"


def test_a_draft_of_a_section_that_is_gone_is_shown_beside_the_page(
    commit: Commit, app: Flask, editor: FlaskClient, wiki: Wiki
) -> None:
    commit({"a.md": "# A\n\n## B\n\nsecond\n"})
    wiki.catch_up()
    send(editor, "/-/drafts", "/-/new", key="a.md#b", text=LONG_TEXT)
    commit({"a.md": "# A\n\n## C\n\nsecond\n"})
    wiki.catch_up()
    (link,) = links(editor.get("/-/drafts").text)
    for address in (link, "/-/edit/a?section=b"):
        form = editor.get(address).text
        assert "which the page does not have any more" in form
        assert LONG_TEXT in unescape(form)
        assert fields(form)["text"] == "# A\n\n## C\n\nsecond\n"
        assert fields(form)["section"] == ""
        assert 'data-draft-lost="a.md#b"' in form
    assert "does not have any more" not in editor.get("/-/edit/a?section=d").text.partition("<script")[0]
    other = signed_in(app, "bob", Role.EDITOR)
    for address in (link, "/-/edit/a?section=b"):
        assert "many words" not in other.get(address).text


def test_drafts_go_along_with_a_page_that_is_renamed(commit: Commit, editor: FlaskClient, wiki: Wiki) -> None:
    text = "# Old\n\n## B\n\n" + "a line that stays\n" * 9
    commit({"old.md": text})
    wiki.catch_up()
    send(editor, "/-/drafts", "/-/new", key="old.md#b", text=LONG_TEXT)
    commit({"old.md": None, "new.md": text})
    commit({"new.md": f"---\naliases: [old]\n---\n{text}"})
    wiki.catch_up()
    assert editor.get("/-/drafts?key=new.md%23b").json["text"] == LONG_TEXT  # type: ignore[index]
    (link,) = links(editor.get("/-/drafts").text)
    assert link.startswith("/-/edit/new?section=b&draft=")
    assert fields(editor.get(link).text)["text"] == LONG_TEXT
    led = editor.get(link.replace("/new", "/old"))
    assert (led.status_code, led.location) == (302, link)
    assert editor.get("/-/edit/old?section=b").location == "/-/edit/new?section=b"


@pytest.mark.parametrize("by_hand", [False, True])
def test_the_draft_of_a_section_goes_when_the_conflict_about_it_is_saved(
    commit: Commit, editor: FlaskClient, wiki: Wiki, by_hand: bool
) -> None:
    commit({"a.md": "# A\n\n## B\n\none\n"})
    wiki.catch_up()
    sent = fields(editor.get("/-/edit/a?section=b").text) | {"text": "## B\n\nmine\n"}
    send(editor, "/-/drafts", "/-/new", key="a.md#b", text=sent["text"], base=sent["base"])
    commit({"a.md": "# A\n\n## B\n\ntheirs\n"})
    wiki.catch_up()
    again = fields(editor.post("/-/edit/a", data=sent).text)
    assert again["draft-key"] == "a.md#b"
    if by_hand:
        shown = editor.post("/-/edit/a", data=again | {"action": "by-hand"})
        again = fields(editor.post("/-/edit/a", data=fields(shown.text) | {"action": "preview"}).text)
        answer = editor.post("/-/edit/a", data=again)
    else:
        answer = editor.post("/-/edit/a", data=again | {"action": "resolve", "choice-1": "ours"})
    assert answer.status_code == 303
    assert "quire_saved=a.md&a.md%23b;" in answer.headers["Set-Cookie"]
    assert editor.get("/-/drafts?key=a.md%23b").status_code == 204


def test_a_key_that_can_be_none_is_none(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": "one\n"})
    answer = save(editor, "two\n", **{"draft-key": "x" * 10_000})
    assert (answer.status_code, answer.location) == (303, "/a")
    assert "quire_saved=a.md;" in answer.headers["Set-Cookie"]


def test_a_draft_that_was_opened_goes_when_it_is_saved_elsewhere(
    commit: Commit, editor: FlaskClient, wiki: Wiki
) -> None:
    commit({"a.md": "one\n"})
    wiki.catch_up()
    send(editor, "/-/drafts", "/-/new", key="old.md", text="two\n")
    (link,) = links(editor.get("/-/drafts").text)
    sent = fields(editor.get("/-/edit/a").text) | {
        "text": "two\n",
        "base": "",
        "draft": link.rpartition("=")[2],
    }
    shown = fields(editor.post("/-/edit/a", data=sent | {"action": "preview"}).text)
    assert shown["draft"] == sent["draft"] != ""
    conflict = editor.post("/-/edit/a", data=shown)
    assert conflict.status_code == 409
    assert editor.post("/-/edit/a", data=fields(conflict.text) | {"action": "resolve"}).status_code == 303
    assert "There are none." in editor.get("/-/drafts").text
    assert save(editor, "three\n", draft="junk").status_code == 303


def test_a_draft_is_opened_in_the_form_of_its_own_page_alone(
    commit: Commit, editor: FlaskClient, wiki: Wiki
) -> None:
    commit({"a.md": "one\n", "b.md": "---\naliases: [left]\n---\none\n", "d.markdown": "one\n"})
    wiki.catch_up()
    for key, page in (("a.md", "a"), ("c.md", "c"), ("B.md", "b"), ("d.md", "d"), ("left.md", "b")):
        send(editor, "/-/drafts", "/-/new", key=key, text="two\n")
        (link,) = links(editor.get("/-/drafts").text)
        answer = editor.get(f"/-/edit/other?{link.partition('?')[2]}")
        assert (answer.status_code, answer.location) == (302, link)
        form = editor.get(link, follow_redirects=True)
        assert (form.status_code, form.request.path) == (200, f"/-/edit/{page}")
        assert fields(form.text)["text"] == "two\n"
        send(editor, "/-/drafts", "/-/new", draft=link.rpartition("=")[2], discard="1")


def test_a_draft_of_a_page_that_is_not_there_is_opened(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": "one\n"})
    send(editor, "/-/drafts", "/-/new", key="x/new.md", text="words\n")
    (link,) = links(editor.get("/-/drafts").text)
    again = fields(editor.get(link).text)
    assert (again["text"], again["base"]) == ("words\n", "")
    assert editor.post("/-/edit/x/new", data=again).status_code == 303
    assert editor.get("/x/new.md").text == "words\n"
    for odd in ("x", "9" * 30, "-1", "0"):
        assert editor.get(f"/-/edit/a?draft={odd}").status_code == 200


def test_a_draft_holds_what_was_typed_beside_the_text(commit: Commit, editor: FlaskClient) -> None:
    text = "---\ntitle: Old\ntags: [a, 'b, c']\n---\none\n"
    commit({"a.md": text})
    sent = fields(editor.get("/-/edit/a").text)
    typed = {"tags": "a, d", "tags-was": "a", "title": "Old", "title-was": "Old"}
    send(editor, "/-/drafts", "/-/new", key="a.md", text=text, base=sent["base"], **typed)
    kept = editor.get("/-/drafts?key=a.md").json
    assert kept is not None
    assert kept["fields"] == {"tags": "a, d", "tags-was": "a"}
    shown = editor.get("/-/drafts").text
    assert "<bdi>a, d</bdi>" in shown
    (link,) = links(shown)
    again = fields(editor.get(link).text)
    assert (again["text"], again["tags"], again["tags-was"], again["title"]) == (text, "a, d", "a", "Old")
    assert editor.post("/-/edit/a", data=again).status_code == 303
    assert editor.get("/a.md").text == text.replace("[a, ", "[a, d, ")
    assert editor.get("/-/drafts?key=a.md").status_code == 204


def send_parts(client: FlaskClient, address: str, sent: dict[str, str]) -> TestResponse:
    """Send a form as browsers do that of the edit page."""
    boundary, body = encode_multipart(sent)
    return client.post(address, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def test_a_text_that_is_far_too_large_comes_back(commit: Commit, app: Flask, editor: FlaskClient) -> None:
    commit({"a.md": "one\n"})
    page = site(app).settings.page_bytes
    sent = fields(editor.get("/-/edit/a").text)
    text = "\r\n" * (4 * page)  # as browsers send line ends
    refused = editor.post("/-/edit/a", data=sent | {"text": text, "summary": "Why"})
    assert refused.status_code == 413
    again = fields(refused.text)
    assert (again["text"], again["summary"]) == ("\n" * (4 * page), "Why")
    unread = send_parts(editor, "/-/edit/a", sent | {"text": "x" * (8 * page + 1)})
    assert unread.status_code == 413
    assert "a page may have 1,000,000 bytes, and a field of a form is read up to 8,000,000" in unread.text
    assert "Go back in your browser" in unread.text
    assert editor.get("/a.md").text == "one\n"


def test_a_conflict_of_many_places_is_read(commit: Commit, editor: FlaskClient) -> None:
    commit({"a.md": "one\n"})
    sent = fields(editor.get("/-/edit/a").text)
    many = {f"choice-{number}": "ours" for number in range(1, 2_001)}
    answer = send_parts(editor, "/-/edit/a", sent | many | {"text": "two\n"})
    assert answer.status_code == 303
