"""The same branch in two repositories: what is new on one side comes to the other, and nothing is lost."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from engine.changes import Append, Delete, Edit, Move, Put
from engine.errors import HeadMovedError, RemoteError
from engine.mirroring import Decision, Standing, Why
from engine.mirroring.deciding import Choice
from tests.engine.mirroring.conftest import ADA, LONG, QUIRE, START, Mirror
from tests.repositories import EXECUTABLE, SUBMODULE, SYMLINK, Content, File

HOME, NOTES = str(START["Home.md"]), str(START["Notes.md"])


def changed(text: str, line: int, new: str) -> str:
    return text.replace(f"Line {line} of a page", new)


def test_a_branch_is_made_where_there_is_none(mirror: Mirror) -> None:
    mirror.check_same()
    assert mirror.run() == mirror.run()
    assert not mirror.run().sent


def test_what_is_saved_here_goes_there(mirror: Mirror) -> None:
    mirror.save(Edit("Home.md", changed(HOME, 3, "Here"), mirror.blob("Home.md")))
    assert mirror.exchange.is_ahead()
    outcome = mirror.run(fetch=False)
    assert (outcome.standing, outcome.sent, outcome.brought) == (Standing.SAME, True, False)
    mirror.check_same()
    assert not mirror.exchange.is_ahead()


def test_what_is_committed_there_comes_here_and_is_shown(mirror: Mirror) -> None:
    commit = mirror.commit_there({**START, "New.md": "# New\n\nquincunx\n"})
    outcome = mirror.run()
    assert (outcome.standing, outcome.sent, outcome.brought) == (Standing.SAME, False, True)
    assert mirror.head() == commit
    with mirror.wiki.at(ADA) as snapshot:
        assert snapshot.commit == commit
        assert len(snapshot.search("quincunx").results) == 1


def test_histories_that_went_apart_are_joined_page_by_page(mirror: Mirror) -> None:
    here = mirror.save(
        Edit("Home.md", changed(HOME, 2, "Here"), mirror.blob("Home.md")), Put("Mine.md", b"# Mine\n", None)
    )
    there = mirror.commit_there({**START, "Home.md": changed(HOME, 9, "There"), "Theirs.md": "# Theirs\n"})
    outcome = mirror.run()
    assert (outcome.standing, outcome.brought, outcome.sent) == (Standing.SAME, True, True)
    mirror.check_same()
    assert mirror.files()["Home.md"].decode() == changed(changed(HOME, 2, "Here"), 9, "There").rstrip("\n")
    assert {"Mine.md", "Theirs.md"} <= mirror.files().keys()
    assert mirror.here.git("log", "-1", "--format=%P %an %cn", "main") == f"{here} {there} Quire Quire"
    assert "Quire-Merged: Home.md" in mirror.here.git("log", "-1", "--format=%B", "main")


def test_a_race_that_is_lost_is_run_again(mirror: Mirror) -> None:
    mirror.save(Put("Mine.md", b"# Mine\n", None))
    mirror.commit_there({**START, "Theirs.md": "# Theirs\n"})
    outcome = mirror.run(fetch=False)  # the push finds it out
    assert (outcome.standing, outcome.brought, outcome.sent) == (Standing.SAME, True, True)
    mirror.check_same()
    assert {"Mine.md", "Theirs.md"} <= mirror.files().keys()


def test_what_both_add_at_the_end_stays_with_theirs_first(mirror: Mirror) -> None:
    mirror.save(Append("Home.md", "From here.\n"))
    mirror.commit_there({**START, "Home.md": f"{HOME}From there.\n"})
    assert mirror.run().standing is Standing.SAME
    assert mirror.files()["Home.md"].decode().endswith("From there.\nFrom here.")


def test_a_page_that_one_side_renames_and_the_other_changes(mirror: Mirror) -> None:
    mirror.save(Move("Home.md", "Start.md", mirror.blob("Home.md")))
    mirror.save(Edit("Notes.md", changed(NOTES, 2, "Here"), mirror.blob("Notes.md")))
    there = {"Home.md": changed(HOME, 9, "There"), "Papers.md": NOTES, "data.bin": START["data.bin"]}
    mirror.commit_there(there)
    assert mirror.run().standing is Standing.SAME
    mirror.check_same()
    files = mirror.files()
    assert files.keys() == {"Start.md", "Papers.md", "data.bin"}
    assert "There" in files["Start.md"].decode()
    assert "Here" in files["Papers.md"].decode()


def test_a_page_that_both_rename_to_one_name(mirror: Mirror) -> None:
    moved = mirror.save(Move("Home.md", "Start.md", mirror.blob("Home.md")))
    assert moved
    mirror.save(Edit("Start.md", changed(HOME, 2, "Here"), mirror.blob("Start.md")))
    rest = {path: text for path, text in START.items() if path != "Home.md"}
    mirror.commit_there({**rest, "Start.md": changed(HOME, 9, "There")})
    assert mirror.run().standing is Standing.SAME
    text = mirror.files()["Start.md"].decode()
    assert "Here" in text
    assert "There" in text


def test_line_ends_stay_as_the_file_has_them(mirror: Mirror) -> None:
    windows = HOME.replace("\n", "\r\n")
    mirror.commit_there({**START, "Home.md": windows})
    mirror.run()
    mirror.save(Edit("Home.md", changed(HOME, 2, "Here"), mirror.blob("Home.md")))
    mirror.commit_there({**START, "Home.md": changed(windows, 9, "There")})
    assert mirror.run().standing is Standing.SAME
    whole = mirror.here.git("cat-file", "blob", "main:Home.md")
    assert whole + "\n" == changed(changed(windows, 2, "Here"), 9, "There")


# -- conflicts


def conflicting(mirror: Mirror) -> None:
    mirror.save(
        Edit("Home.md", changed(HOME, 4, "Here we say something of our own, and"), mirror.blob("Home.md"))
    )
    mirror.commit_there({**START, "Home.md": changed(HOME, 4, "There they wrote what does not go with it:")})


def test_what_both_changed_waits_for_a_person_and_each_side_stays(mirror: Mirror) -> None:
    conflicting(mirror)
    here, there = mirror.head(), mirror.head_there()
    for _ in range(2):
        outcome = mirror.run()
        assert outcome.standing is Standing.CONFLICT
        (question,) = outcome.conflicts
        assert (question.path, question.why) == ("Home.md", Why.LINES)
        assert question.merge is not None
        assert question.merge.conflicts
    assert (mirror.head(), mirror.head_there()) == (here, there)
    assert mirror.exchange.conflicts() == outcome.conflicts


def test_other_pages_are_saved_while_a_conflict_waits(mirror: Mirror) -> None:
    conflicting(mirror)
    mirror.run()
    mirror.save(Put("Mine.md", b"# Mine\n", None))
    (question,) = mirror.run().conflicts
    mirror.decisions[question.name] = Decision(Choice.OURS)
    assert mirror.run().standing is Standing.SAME
    mirror.check_same()
    assert "Mine.md" in mirror.files()


@pytest.mark.parametrize(
    ("decision", "wanted"),
    [
        (Decision(Choice.OURS), "Here we say"),
        (Decision(Choice.THEIRS), "There they wrote"),
        (Decision(Choice.TEXT, "# Home\n\nWhat we agreed on.\n"), "What we agreed on."),
    ],
)
def test_a_conflict_is_decided(mirror: Mirror, decision: Decision, wanted: str) -> None:
    conflicting(mirror)
    (question,) = mirror.run().conflicts
    mirror.decisions[question.name] = decision
    outcome = mirror.run()
    assert (outcome.standing, outcome.sent) == (Standing.SAME, True)
    mirror.check_same()
    assert wanted in mirror.files()["Home.md"].decode()
    assert mirror.here.git("log", "-1", "--format=%an", "main") == "Ada"
    assert "Quire-Decided: Home.md" in mirror.here.git("log", "-1", "--format=%B", "main")


def test_a_decision_holds_for_what_it_was_about_alone(mirror: Mirror) -> None:
    conflicting(mirror)
    (question,) = mirror.run().conflicts
    mirror.decisions[question.name] = Decision(Choice.OURS)
    text = mirror.files()["Home.md"].decode()
    mirror.save(Edit("Home.md", changed(text, 7, "One thing more"), mirror.blob("Home.md")))
    outcome = mirror.run()
    assert outcome.standing is Standing.CONFLICT
    assert outcome.conflicts[0].name != question.name


@pytest.mark.parametrize("choice", [Choice.OURS, Choice.THEIRS])
@pytest.mark.parametrize("deletes", ["here", "there"])
def test_what_one_side_deletes_and_the_other_changes(mirror: Mirror, deletes: str, choice: Choice) -> None:
    rest = {path: text for path, text in START.items() if path != "Home.md"}
    if deletes == "here":
        mirror.save(Delete("Home.md", mirror.blob("Home.md")))
        mirror.commit_there({**rest, "Home.md": changed(HOME, 4, "Changed")})
    else:
        mirror.save(Edit("Home.md", changed(HOME, 4, "Changed"), mirror.blob("Home.md")))
        mirror.commit_there(rest)
    (question,) = mirror.run().conflicts
    assert question.why is (Why.GONE_HERE if deletes == "here" else Why.GONE_THERE)
    assert question.text == changed(HOME, 4, "Changed")
    mirror.decisions[question.name] = Decision(choice)
    assert mirror.run().standing is Standing.SAME
    mirror.check_same()
    keeps = (choice is Choice.THEIRS) == (deletes == "here")
    assert ("Home.md" in mirror.files()) is keeps


def test_media_that_both_changed(mirror: Mirror) -> None:
    mirror.save(Put("data.bin", b"\0here", mirror.blob("data.bin")))
    mirror.commit_there({**START, "data.bin": b"\0there"})
    (question,) = mirror.run().conflicts
    assert (question.path, question.why) == ("data.bin", Why.FILE)
    mirror.decisions[question.name] = Decision(Choice.THEIRS)
    assert mirror.run().standing is Standing.SAME
    assert mirror.files()["data.bin"] == b"\0there"


def test_two_new_pages_of_one_name(mirror: Mirror) -> None:
    mirror.save(Put("New.md", b"# New here\n", None))
    mirror.commit_there({**START, "New.md": "# New there\n"})
    (question,) = mirror.run().conflicts
    assert (question.path, question.why) == ("New.md", Why.BOTH_NEW)


def test_the_same_on_both_sides_is_no_conflict(mirror: Mirror) -> None:
    mirror.save(Put("New.md", b"# New\n", None), Delete("Notes.md", mirror.blob("Notes.md")))
    mirror.commit_there({"Home.md": HOME, "data.bin": START["data.bin"], "New.md": "# New\n"})
    assert mirror.run().standing is Standing.SAME
    mirror.check_same()


@pytest.mark.parametrize(
    ("mine", "theirs"), [("Sub/Page.md", "Sub"), ("Sub", "Sub/Page.md"), ("a/b/c.md", "a/b")]
)
def test_a_file_and_a_folder_leave_each_other_no_place(mirror: Mirror, mine: str, theirs: str) -> None:
    mirror.save(Put(mine, b"mine\n", None))
    mirror.commit_there({**START, theirs: b"theirs\n"})
    (question,) = mirror.run().conflicts
    assert (question.path, question.why, question.other) == (theirs, Why.PLACE, mine)
    assert not question.can_be_decided
    mirror.save(Move(mine, "Elsewhere.md", mirror.blob(mine)))
    assert mirror.run().standing is Standing.SAME
    mirror.check_same()
    assert {theirs, "Elsewhere.md"} <= mirror.files().keys()


def test_two_new_files_with_one_address(mirror: Mirror) -> None:
    mirror.save(Put("New page.md", b"# New\n", None))
    mirror.commit_there({**START, "new-page.md": "# New\n"})
    (question,) = mirror.run().conflicts
    assert (question.path, question.why, question.other) == ("new-page.md", Why.ADDRESS, "New page.md")
    objects = mirror.here.git("count-objects")
    assert mirror.exchange.conflicts() == (question,)
    assert mirror.here.git("count-objects") == objects, "looking writes nothing"
    mirror.save(Move("New page.md", "Newer page.md", mirror.blob("New page.md")))
    assert mirror.run().standing is Standing.SAME
    mirror.check_same()


def crosswise(
    mirror: Mirror, ours: Mapping[str, Content], theirs: Mapping[str, Content], one: str, two: str
) -> None:
    """Both have joined the other's first change already, each in a commit of its own that has these files."""
    base = mirror.head()
    first = mirror.there.commit({**START, "Home.md": one}, base)
    second = mirror.there.commit({**START, "Home.md": two}, base)
    mine = mirror.there.commit(ours, first, second, branch="ours")
    other = mirror.there.commit(theirs, second, first, branch=None)
    mirror.here.git("fetch", "-q", str(mirror.there.path), "+ours:main")
    mirror.there.git("update-ref", "refs/heads/main", other)
    assert mirror.head() == mine


def test_histories_that_were_joined_crosswise(mirror: Mirror) -> None:
    one, two = changed(HOME, 2, "First"), changed(HOME, 9, "Second")
    both = changed(one, 9, "Second")
    crosswise(mirror, {**START, "Home.md": changed(both, 5, "Ours")}, {**START, "Home.md": two}, one, two)
    outcome = mirror.run()
    assert outcome.standing is Standing.CONFLICT  # "First" was taken back there: by what base?
    (question,) = outcome.conflicts
    assert (question.path, question.why) == ("Home.md", Why.BASES)


@pytest.mark.parametrize("exchanged", [False, True])
def test_what_was_restored_on_one_side_of_a_crosswise_history_is_not_deleted(
    mirror: Mirror, exchanged: bool
) -> None:
    """By one base it was left alone here and deleted there; by the other one it was restored here."""
    gone = {path: text for path, text in START.items() if path != "Notes.md"}
    base = mirror.head()
    first = mirror.there.commit({**START, "New.md": "# New\n"}, base)
    second = mirror.there.commit(gone, base)
    sides = {**START, "New.md": "# New\n"}, {**gone, "New.md": "# New\n"}
    mine, theirs = sides[::-1] if exchanged else sides
    ours = mirror.there.commit(mine, first, second, branch="ours")
    other = mirror.there.commit(theirs, second, first, branch=None)
    mirror.here.git("fetch", "-q", str(mirror.there.path), "+ours:main")
    mirror.there.git("update-ref", "refs/heads/main", other)
    outcome = mirror.run()
    assert outcome.standing is Standing.CONFLICT
    assert [(each.path, each.why) for each in outcome.conflicts] == [("Notes.md", Why.BASES)]
    assert mirror.head() == ours
    for choice, there in ((Choice.OURS, not exchanged), (Choice.THEIRS, exchanged)):
        mirror.decisions[outcome.conflicts[0].name] = Decision(choice)
        if choice is Choice.OURS:
            assert mirror.run().standing is Standing.SAME
            assert ("Notes.md" in mirror.files()) is there


# -- what does not go


@pytest.mark.parametrize("how", ["other", "back", "deleted"])
def test_what_was_taken_away_there_is_not_brought_back(mirror: Mirror, how: str) -> None:
    """Neither by looking, nor by what is saved, which only sends."""
    base = mirror.head()
    mirror.commit_there({**START, "Secret.md": "secret\n"})
    mirror.run()
    if how == "other":
        mirror.there.commit({**START, "Other.md": "other\n"}, message="Another beginning")
    elif how == "back":
        mirror.there.git("update-ref", "refs/heads/main", base)
    else:
        mirror.there.git("update-ref", "-d", "refs/heads/main")
    there = mirror.there.git("for-each-ref")
    for fetch in (False, True, False):
        here = mirror.save(Put(f"Mine {fetch} {len(mirror.files())}.md", b"# Mine\n", None))
        assert mirror.run(fetch=fetch).standing is Standing.REWRITTEN
        assert mirror.head() == here
        assert mirror.there.git("for-each-ref") == there
    assert mirror.exchange.conflicts() == ()


def test_what_is_taken_away_between_looking_and_sending(mirror: Mirror) -> None:
    base = mirror.head()
    mirror.save(Put("Secret.md", b"secret\n", None))
    mirror.run()
    mirror.there.git("update-ref", "refs/heads/main", base)
    mirror.save(Put("Mine.md", b"# Mine\n", None))
    with pytest.raises(HeadMovedError):
        mirror.remote.push(mirror.head())
    assert mirror.head_there() == base


def test_what_was_never_taken_here_may_be_rewritten_there(mirror: Mirror) -> None:
    good = mirror.head_there()
    mirror.there.commit({**START, "Odd.md": "<<<<<<< a\none\n=======\ntwo\n>>>>>>> b\n"}, good)
    assert mirror.run().standing is Standing.REFUSED
    commit = mirror.there.commit({**START, "Odd.md": "two\n"}, good, message="Amended")
    assert mirror.run().standing is Standing.SAME
    assert mirror.head() == commit


@pytest.mark.parametrize("first", ["here", "there"])
def test_a_history_that_was_rewritten_on_both_sides_is_the_same_again(mirror: Mirror, first: str) -> None:
    base = mirror.head()
    mirror.commit_there({**START, "Secret.md": "secret\n"})
    mirror.run()
    clean = mirror.there.commit({**START, "Other.md": "other\n"}, base, branch=None)
    mirror.here.git("fetch", "-q", str(mirror.there.path), clean)
    for side in (first, "there" if first == "here" else "here"):
        repository = mirror.here if side == "here" else mirror.there
        repository.git("update-ref", "refs/heads/main", clean)
        standing = mirror.run().standing
        assert standing is (Standing.REWRITTEN if side == first else Standing.SAME)
    mirror.save(Put("Mine.md", b"# Mine\n", None))
    assert mirror.run(fetch=False).sent
    assert "Secret.md" not in mirror.files(mirror.there)


def test_a_rewritten_history_is_joined_where_somebody_says_so(mirror: Mirror) -> None:
    base = mirror.head()
    mirror.commit_there({**START, "Second.md": "second\n"})
    mirror.run()
    mirror.there.commit({**START, "Third.md": "third\n"}, base)
    assert mirror.run().standing is Standing.REWRITTEN
    mirror.exchange.forget()
    assert mirror.run().standing is Standing.SAME
    mirror.check_same()
    assert {"Second.md", "Third.md"} <= mirror.files().keys()


def test_histories_with_nothing_in_common(mirror: Mirror) -> None:
    mirror.exchange.forget()
    mirror.there.commit({"Other.md": "other\n"})
    here = mirror.head()
    assert mirror.run().standing is Standing.UNRELATED
    assert mirror.head() == here


@pytest.mark.parametrize(
    ("path", "file", "said"),
    [
        ("link.md", File(b"/etc/passwd", SYMLINK), "symbolic link"),
        ("sub", File(b"1" * 40, SUBMODULE), "submodule"),
        ("trailing.", "x\n", "rename it"),
        ("Odd.md", "<<<<<<< a\none\n=======\ntwo\n>>>>>>> b\n", "conflict markers"),
        ("home.MD", "x\n", "same address"),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_what_breaks_the_rules_does_not_come(
    mirror: Mirror, path: str, file: Content, said: str, apart: bool
) -> None:
    if apart:
        mirror.save(Put("Mine.md", b"# Mine\n", None))
    here, good = mirror.head(), mirror.head_there()
    mirror.there.commit({**START, path: file}, good)
    outcome = mirror.run()
    if path == "home.MD":
        assert outcome.standing in {Standing.REFUSED, Standing.CONFLICT}
    else:
        assert outcome.standing is Standing.REFUSED
        assert any(path in reason and said in reason for reason in outcome.reasons), outcome.reasons
    assert mirror.head() == here
    mirror.commit_there(START, "Put it right")  # later, without another history
    assert mirror.run().standing is Standing.SAME
    mirror.check_same()


def test_a_remote_that_is_away_says_so_and_is_there_again(mirror: Mirror) -> None:
    mirror.save(Put("Mine.md", b"# Mine\n", None))
    away = mirror.there.path.rename(mirror.there.path.with_name("away"))
    for fetch in (True, False):
        with pytest.raises(RemoteError, match=r"does not appear to be a git repository|does not exist"):
            mirror.run(fetch=fetch)
    away.rename(mirror.there.path)
    assert mirror.run().sent
    mirror.check_same()


def test_a_remote_that_refuses_says_why(mirror: Mirror) -> None:
    hook = mirror.there.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho this branch is protected\nexit 1\n")
    hook.chmod(0o755)
    mirror.save(Put("Mine.md", b"# Mine\n", None))
    with pytest.raises(RemoteError, match=r"hook declined.*this branch is protected"):
        mirror.run()
    hook.unlink()
    assert mirror.run().sent


@pytest.mark.parametrize("bare", [False])
def test_a_work_tree_follows_what_comes(mirror: Mirror) -> None:
    mirror.commit_there({**START, "New.md": "# New\n"})
    mirror.run()
    assert (mirror.here.path / "New.md").read_text() == "# New\n"
    assert mirror.here.git("status", "--porcelain") == ""


@pytest.mark.parametrize("bare", [False])
def test_a_file_with_local_changes_is_not_overwritten(mirror: Mirror) -> None:
    (mirror.here.path / "Home.md").write_text("mine\n")
    mirror.commit_there({**START, "Home.md": "theirs\n"})
    head = mirror.head()
    with pytest.raises(Exception, match=r"Home\.md"):
        mirror.run()
    assert mirror.head() == head
    assert (mirror.here.path / "Home.md").read_text() == "mine\n"


@pytest.mark.parametrize("root", ["wiki"])
@pytest.mark.parametrize("start", [{"wiki/Home.md": HOME, "code.py": "print()\n"}])
def test_all_of_the_repository_is_joined_where_the_wiki_is_one_folder(
    mirror: Mirror, start: Mapping[str, Content]
) -> None:
    mirror.save(Edit("Home.md", changed(HOME, 2, "Here"), mirror.blob("wiki/Home.md")))
    mirror.commit_there({**start, "wiki/Home.md": changed(HOME, 9, "There"), "code.py": "print(1)\n"})
    assert mirror.run().standing is Standing.SAME
    mirror.check_same()
    assert mirror.files()["code.py"] == b"print(1)"
    assert QUIRE.name in mirror.here.git("log", "-1", "--format=%an", "main")


def test_nothing_of_a_long_page_is_lost(mirror: Mirror) -> None:
    """Each side edits other lines of all pages, again and again, and both come to the same."""
    mine, theirs = HOME, HOME
    for n in range(0, 12, 2):
        mine = mirror.files()["Home.md"].decode() + "\n"
        mirror.save(Edit("Home.md", changed(mine, n, f"Mine {n}"), mirror.blob("Home.md")))
        theirs = mirror.files(mirror.there)["Home.md"].decode() + "\n"
        mirror.commit_there({**START, "Home.md": changed(theirs, n + 1, f"Theirs {n}")})
        assert mirror.run().standing in {Standing.SAME, Standing.CONFLICT}
        if mirror.head() != mirror.head_there():
            (question,) = mirror.run().conflicts
            assert question.merge is not None
            text = question.merge.text.replace(f"Line {n + 1} of a page", f"Theirs {n}")
            mirror.decisions[question.name] = Decision(Choice.TEXT, text)
            assert mirror.run().standing is Standing.SAME
        mirror.check_same()
    text = mirror.files()["Home.md"].decode()
    assert all(f"Mine {n}" in text and f"Theirs {n}" in text for n in range(0, 12, 2))
    assert LONG.count("\n") == text.count("\n") - 1


# -- names


def test_a_page_made_from_the_same_template_is_no_renamed_one(mirror: Mirror) -> None:
    """Here January is deleted, and February made, which is much alike; there January is changed."""
    mirror.save(Put("January.md", HOME.encode(), None))
    mirror.run()
    mirror.save(Delete("January.md", mirror.blob("January.md")))
    mirror.save(Put("February.md", changed(HOME, 1, "February").encode(), None))
    mirror.commit_there({**START, "January.md": changed(HOME, 9, "January")})
    (question,) = mirror.run().conflicts
    assert (question.path, question.why) == ("January.md", Why.GONE_HERE)
    assert "January" not in mirror.files()["February.md"].decode()


def test_a_page_that_was_renamed_and_then_changed_much(mirror: Mirror) -> None:
    mirror.save(Move("Home.md", "Start.md", mirror.blob("Home.md")))
    text = "# Start\n\nSomething else.\n" + HOME.partition("Line 4")[2]
    mirror.save(Edit("Start.md", text, mirror.blob("Start.md")))
    mirror.commit_there({**START, "Home.md": changed(HOME, 11, "There")})
    assert mirror.run().standing is Standing.SAME
    assert mirror.files().keys() == {"Start.md", "Notes.md", "data.bin"}
    assert "There" in mirror.files()["Start.md"].decode()


def test_a_page_that_leads_on_stays_and_the_change_goes_where_the_page_went(mirror: Mirror) -> None:
    leads = "---\nredirect: Start\n---\n"
    mirror.save(Move("Home.md", "Start.md", mirror.blob("Home.md")), Put("Home.md", leads.encode(), None))
    mirror.commit_there({**START, "Home.md": changed(HOME, 9, "There")})
    assert mirror.run().standing is Standing.SAME
    files = mirror.files()
    assert files["Home.md"].decode() == leads.rstrip()
    assert "There" in files["Start.md"].decode()


def test_one_page_renamed_to_two_names(mirror: Mirror) -> None:
    mirror.save(Move("Home.md", "Start.md", mirror.blob("Home.md")))
    mirror.save(Edit("Start.md", changed(HOME, 2, "Here"), mirror.blob("Start.md")))
    rest = {path: text for path, text in START.items() if path != "Home.md"}
    mirror.commit_there({**rest, "Begin.md": changed(HOME, 9, "There")})
    assert mirror.run().standing is Standing.SAME
    files = mirror.files()
    assert "Here" in files["Start.md"].decode()
    assert "There" in files["Begin.md"].decode()


def test_media_that_one_side_renames_and_the_other_changes(mirror: Mirror) -> None:
    mirror.save(Move("data.bin", "moved.bin", mirror.blob("data.bin")))
    mirror.commit_there({**START, "data.bin": b"\0there"})
    assert mirror.run().standing is Standing.SAME
    assert mirror.files().keys() == {"Home.md", "Notes.md", "moved.bin"}
    assert mirror.files()["moved.bin"] == b"\0there"


def test_a_mode_that_one_side_changes_stays(mirror: Mirror) -> None:
    mirror.save(Edit("Home.md", changed(HOME, 2, "Here"), mirror.blob("Home.md")))
    mirror.commit_there({**START, "Home.md": File(changed(HOME, 9, "There").encode(), EXECUTABLE)})
    assert mirror.run().standing is Standing.SAME
    assert mirror.here.git("ls-tree", "main", "Home.md").startswith(EXECUTABLE)


def test_a_lock_there_is_no_lost_race(mirror: Mirror) -> None:
    mirror.save(Put("Mine.md", b"# Mine\n", None))
    lock = mirror.there.path / "refs" / "heads" / "main.lock"
    lock.touch()
    with pytest.raises(RemoteError, match="lock"):
        mirror.run()
    lock.unlink()
    assert mirror.run().sent


@pytest.mark.parametrize("root", ["notes/wiki"])
@pytest.mark.parametrize("start", [{"notes/wiki/Home.md": HOME}])
@pytest.mark.parametrize("path", ["notes", "notes/wiki"])
def test_the_folder_of_the_pages_becomes_no_link(mirror: Mirror, path: str) -> None:
    head = mirror.head()
    mirror.commit_there({path: File(b"/etc", SYMLINK)})
    assert mirror.run().standing is Standing.REFUSED
    assert mirror.head() == head


def test_what_is_saved_while_the_mirror_waits_for_its_turn_is_no_lost_race(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns, saved = mirror.wiki.turns, list[str]()
    writing = turns.writing

    @contextmanager
    def slow(wait: float) -> Iterator[bool]:
        if not saved:
            saved.append("")
            saved.append(mirror.save(Put("Meanwhile.md", b"# Meanwhile\n", None)))
        with writing(wait) as held:
            yield held

    mirror.save(Put("Mine.md", b"# Mine\n", None))
    mirror.commit_there({**START, "Theirs.md": "# Theirs\n"})
    monkeypatch.setattr(turns, "writing", slow)
    monkeypatch.setattr("engine.mirroring.exchange.TRIES", 2)  # one joins, one sends
    assert mirror.run().standing is Standing.SAME
    mirror.check_same()
    assert {"Mine.md", "Meanwhile.md", "Theirs.md"} <= mirror.files().keys()
