"""What a push may bring, and what becomes of it."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from engine.access import ANONYMOUS, Actor, Kind, Role, RolePolicy
from engine.changes import Edit
from engine.errors import InvalidChangeError, PushRefusedError, StoreError
from engine.following import Follower
from engine.pushing import Limits, Update, rules
from engine.pushing.pushing import TOLD
from engine.pushing.rules import COMMIT_BYTES
from engine.search.whoosh_index import WhooshIndex
from engine.store import git_incoming
from engine.store.git_store import GitStore
from engine.wiki import Wiki
from tests import repositories
from tests.engine.pushing.conftest import ADMIN, EDITOR, START, Pushes, reasons
from tests.repositories import SUBMODULE, SYMLINK, Content, File

CONFLICT = "<<<<<<< HEAD\nmine\n=======\ntheirs\n>>>>>>> other\n"


def refused(pushes: Pushes, new: str, actor: Actor = EDITOR) -> str:
    """Push what is refused, and return the reasons as one text."""
    before = pushes.head()
    with pytest.raises(PushRefusedError) as caught:
        pushes.push(new, actor=actor)
    assert pushes.head() == before
    return "\n".join(reasons(caught))


def test_what_is_pushed_is_shown_by_the_next_answer(pushes: Pushes) -> None:
    first = pushes.commit({**START, "New.md": "# New\n\n[[Home]] quills\n"})
    second = pushes.commit({**START, "New.md": "# New\n\n[[Home]] feathers\n"}, first)
    checked = pushes.push(second)
    assert checked.commits == [first, second]
    assert checked.warnings == ()
    assert pushes.said == []
    with pushes.wiki.at(ANONYMOUS) as snapshot:
        assert snapshot.commit == second
        assert [found.name.path for found in snapshot.search("feathers").results] == ["New.md"]
        home = snapshot.find("Home").name
        assert home is not None
        assert [link.name.path for link in snapshot.page(home).backlinks] == ["New.md"]
        history = snapshot.past.history(snapshot.past.subject("New.md"))
        assert [step.revision.id for step in history.steps] == [second, first]


def test_a_push_that_has_lost_the_race_is_told_to_fetch(pushes: Pushes) -> None:
    new = pushes.commit({**START, "New.md": "new\n"})
    update = pushes.update(new)
    pushes.served.git("fetch", "-q", str(pushes.clone.path), new)
    moved = pushes.served.commit({**START, "Other.md": "other\n"}, pushes.head())
    with pytest.raises(PushRefusedError, match="fetch, merge or rebase"):
        pushes.wiki.pushing.publish(update, EDITOR, pushes.said.append)
    assert pushes.head() == moved


def test_an_empty_wiki_takes_its_first_push(pushes: Pushes) -> None:
    new = pushes.clone.commit({"First.md": "# First\n"})
    pushes.served.git("update-ref", "-d", "refs/heads/main")
    checked = pushes.check(pushes.update(new, old=None))
    assert checked.commits == [new]
    pushes.served.git("fetch", "-q", str(pushes.clone.path), new)
    pushes.wiki.pushing.publish(pushes.update(new, old=None), EDITOR, pushes.said.append)
    assert pushes.head() == new


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("refs/heads/other", "refs/heads/other is a branch that the wiki does not show"),
        ("refs/heads/main/x", "is a branch that the wiki does not show"),
        ("refs/heads/-x", "is a branch that the wiki does not show"),
        ("refs/heads/Main", "is a branch that the wiki does not show"),
        ("refs/tags/v1", "refs/tags/v1 is a reference that the wiki does not show"),
        ("refs/notes/x\x1b[2J", r"refs/notes/x\x1b[2J is a reference"),
        ("HEAD", "HEAD is a reference"),
    ],
)
def test_only_the_branch_that_is_shown_takes_pushes(pushes: Pushes, reference: str, told: str) -> None:
    new = pushes.commit({**START, "New.md": "new\n"})
    for updates in (
        [pushes.update(new, reference=reference, old=None)],
        [pushes.update(new), pushes.update(new, reference=reference, old=None)],
    ):
        with pytest.raises(PushRefusedError) as caught:
            pushes.check(*updates, actor=ADMIN)
        assert told in reasons(caught)[0]
        assert "git push origin HEAD:main" in reasons(caught)[0]


def test_the_branch_cannot_be_deleted(pushes: Pushes) -> None:
    with pytest.raises(PushRefusedError, match="cannot be deleted"):
        pushes.check(pushes.update(None), actor=ADMIN)


def test_a_branch_points_to_a_commit(pushes: Pushes) -> None:
    blob = pushes.clone.blob(b"text")
    tag = pushes.clone.git(
        "mktag", stdin=f"object {pushes.head()}\ntype commit\ntag t\ntagger A <a> 1 +0000\n\n".encode()
    )
    for new in (blob, tag, "0" * 39 + "1", "-x", "main"):
        with pytest.raises(PushRefusedError, match="must point to a commit"):
            pushes.check(pushes.update(new))


@pytest.mark.parametrize("rewrites", [True, False])
@pytest.mark.parametrize("actor", [EDITOR, ADMIN])
def test_published_commits_stay(pushes: Pushes, rewrites: bool, actor: Actor) -> None:
    pushes.wiki._push_limits = Limits(rewrites=rewrites)
    other = pushes.clone.commit({**START, "Notes.md": "# Other\n"})
    if rewrites and actor is ADMIN:
        assert pushes.push(other, actor=actor).commits == [other]
        assert pushes.head() == other
        with pushes.wiki.at(ANONYMOUS) as snapshot:
            assert snapshot.commit == other
    else:
        assert "leaves out commits that are published" in refused(pushes, other, actor)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (b"a/../b.md", "a/../b.md"),
        (b"./b.md", "./b.md"),
        (b".git/config", ".git/config"),
        (b"sub/.GIT/hooks/post-checkout", ".GIT"),
        (b"sub/git~1/x", "git~1"),
        (".g\u200cit/config".encode(), r".g\u200cit/config"),
        (b".git /config", ".git "),
        (b"trailing./x.md", "trailing."),
        (b"trailing.md ", "trailing.md "),
        (b"new\nline.md", r"new\nline.md"),
        (b"bell\x07.md", r"bell\x07.md"),
        ("bidi\u202egnp.md".encode(), r"bidi\u202egnp.md"),
        (b"back\\slash.md", "back\\slash.md"),
        (b"latin\xe9.md", r"latin\xe9.md"),
        (b"n" * 256 + b".md", "nnnn"),
        (b"/".join([b"d" * 200] * 6) + b"/x.md", "dddd"),
    ],
)
def test_unsafe_paths_are_refused_in_any_commit(pushes: Pushes, path: bytes, told: str) -> None:
    tree = _tree_with(pushes, path)
    bad = pushes.clone.git("commit-tree", tree, "-p", pushes.head(), stdin=b"bad")
    for new in (bad, pushes.clone.commit(START, bad)):
        assert told in refused(pushes, new, ADMIN)


def _tree_with(pushes: Pushes, path: bytes) -> str:
    """Make a tree that git itself would not make: with its bytes as they come."""
    name = pushes.clone.blob(b"text\n")
    parts = path.split(b"/") if b".." not in path and not path.startswith(b"./") else [path]
    mode = b"100644"
    for part in reversed(parts):
        body = mode + b" " + part + b"\0" + bytes.fromhex(name)
        name = pushes.clone.git("hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=body)
        mode = b"40000"
    return name


@pytest.mark.parametrize(("mode", "told"), [(SYMLINK, "is a symbolic link"), (SUBMODULE, "is a submodule")])
def test_links_and_submodules_are_refused(pushes: Pushes, mode: str, told: str) -> None:
    content = pushes.head().encode() if mode == SUBMODULE else b"/etc/passwd"
    new = pushes.commit({**START, "link.md": File(content, mode)})
    assert f"link.md {told}" in refused(pushes, new, ADMIN)


@pytest.mark.parametrize("start", [{"bad .md": "old\n", "link": File(b"bad .md", SYMLINK)}])
def test_what_has_an_unsafe_name_already_may_change_and_go(
    pushes: Pushes, start: Mapping[str, Content]
) -> None:
    changed = pushes.commit({"bad .md": "new\n", "link": start["link"]})
    pushes.push(changed)
    pushes.push(pushes.commit({"good.md": "new\n"}))


@pytest.mark.parametrize("limits", [Limits(file_bytes=1_000)])
def test_a_file_that_is_too_large_is_refused_in_any_commit(pushes: Pushes) -> None:
    large = pushes.commit({**START, "large.bin": b"x" * 1_001, "small.bin": b"x" * 1_000})
    for new in (large, pushes.clone.commit(START, large)):
        told = refused(pushes, new, ADMIN)
        assert "large.bin has 0.0 MB" in told
        assert "small.bin" not in told


def test_a_commit_that_says_too_much_is_refused(pushes: Pushes) -> None:
    long = pushes.commit({**START, "New.md": "new\n"}, message="x" * COMMIT_BYTES)
    assert f"commit {long[:10]} has 100," in refused(pushes, pushes.clone.commit(START, long), ADMIN)
    pushes.push(pushes.commit({**START, "New.md": "new\n"}, message="x" * (COMMIT_BYTES - 1_000)))


@pytest.mark.parametrize("new", ["home.md", "Home.markdown", "notes .md", "NOTES.md", "nOtEs.md"])
def test_an_address_that_a_file_has_is_refused(pushes: Pushes, new: str) -> None:
    if new == "notes .md":
        new = "no-tes.md"
        pushes.push(pushes.commit({**START, "no tes.md": "old\n"}))
    told = refused(pushes, pushes.commit({**_now(pushes), new: "text\n"}), ADMIN)
    assert f"{new} has the same address as" in told


def _now(pushes: Pushes) -> Mapping[str, Content]:
    return {
        path: pushes.served.git("cat-file", "-p", f"main:{path}")
        for path in pushes.served.git("ls-tree", "-r", "--name-only", "main").splitlines()
    }


def test_two_new_files_with_one_address_are_refused(pushes: Pushes) -> None:
    told = refused(pushes, pushes.commit({**START, "a/One.md": "1\n", "A/one.md": "2\n"}))
    assert "a/One.md has the same address as A/one.md" in told


def test_a_clash_that_was_there_stays(pushes: Pushes) -> None:
    pushes.served.commit({**START, "home.md": "a clash\n"}, pushes.head())
    pushes.clone.git("fetch", "-q", str(pushes.served.path), "+main:main")
    pushes.push(pushes.commit({**START, "home.md": "changed\n"}))


def test_a_page_may_be_renamed_to_another_spelling(pushes: Pushes) -> None:
    pushes.push(pushes.commit({"home.md": START["Home.md"], "Notes.md": "# Notes\n"}))


def test_new_conflict_markers_are_refused(pushes: Pushes) -> None:
    new = pushes.commit({**START, "Notes.md": f"# Notes\n\n{CONFLICT}"})
    assert "Notes.md has conflict markers in line 3" in refused(pushes, new, ADMIN)
    mended = pushes.clone.commit({**START, "Notes.md": "# Notes\n\nboth\n"}, new)
    pushes.push(mended)


def test_conflict_markers_that_are_an_example_or_old_stay(pushes: Pushes) -> None:
    pushes.push(pushes.commit({**START, "Notes.md": f"```\n{CONFLICT}```\n"}))
    pushes.served.commit({**START, "Notes.md": CONFLICT}, pushes.head())
    pushes.clone.git("fetch", "-q", str(pushes.served.path), "+main:main")
    pushes.push(pushes.commit({**START, "Notes.md": f"more\n\n{CONFLICT}"}))
    pushes.push(pushes.commit({"Home.md": "# Home\n", "moved/Notes.md": f"more\n\n{CONFLICT}"}))


def test_only_files_that_the_actor_may_write_change(pushes: Pushes) -> None:
    scoped = replace(EDITOR, kind=Kind.PROGRAM, writes=("notes/**",))
    good = pushes.commit({**START, "notes/New.md": "new\n"})
    pushes.push(good, actor=scoped)
    outside = pushes.commit({**START, "notes/New.md": "new\n", "Other.md": "x\n"})
    back = pushes.clone.commit({**START, "notes/New.md": "newer\n"}, outside)
    for new in (outside, back):  # also in a commit in between
        assert "Other.md may not be changed by you" in refused(pushes, new, scoped)
    renamed = pushes.commit({**START, "New.md": "new\n"})
    told = refused(pushes, renamed, scoped)
    assert "New.md may not be changed by you" in told
    assert "notes/New.md" not in told.splitlines()[0]


def test_a_merge_that_drops_what_others_did_counts_as_a_change_of_it(pushes: Pushes) -> None:
    scoped = replace(EDITOR, kind=Kind.PROGRAM, writes=("notes/**",))
    start = pushes.head()
    mine = pushes.commit({**START, "notes/New.md": "new\n"})
    pushes.push(pushes.commit({**START, "Home.md": "# Home\n\nBy somebody else.\n"}))
    theirs = pushes.head()
    dropping = pushes.clone.commit({**START, "notes/New.md": "new\n"}, mine, theirs)
    assert "Home.md may not be changed by you" in refused(pushes, dropping, scoped)
    joined = {**START, "notes/New.md": "new\n", "Home.md": "# Home\n\nBy somebody else.\n"}
    assert start != theirs
    assert pushes.push(pushes.clone.commit(joined, mine, theirs), actor=scoped).commits[0] == mine


@pytest.mark.parametrize("on", ["the branch", "an own commit"])
def test_a_merge_may_not_drop_what_others_did_for_a_while(pushes: Pushes, on: str) -> None:
    scoped = replace(EDITOR, kind=Kind.PROGRAM, writes=("notes/**",))
    mine: Mapping[str, Content] = {**START, "notes/New.md": "new\n"}
    first = pushes.commit(mine)
    pushes.push(pushes.commit({**START, "Home.md": "# Home\n\nBy somebody else.\n"}))
    now = {**_now(pushes), "data.bin": START["data.bin"]}
    base = pushes.head() if on == "the branch" else pushes.commit({**now, "notes/Other.md": "other\n"})
    dropping = pushes.clone.commit(mine, base, first)
    back = pushes.clone.commit({**now, "notes/New.md": "new\n"}, dropping, pushes.head())
    assert "Home.md may not be changed by you" in refused(pushes, back, scoped)


def test_merges_of_what_was_published_at_several_times_are_taken(pushes: Pushes) -> None:
    scoped = replace(EDITOR, kind=Kind.PROGRAM, writes=("notes/**",))
    mine: Mapping[str, Content] = {**START, "notes/New.md": "new\n"}
    first = pushes.commit(mine)
    then: Mapping[str, Content] = {**START, "Home.md": "# Home\n\nThen.\n"}
    pushes.push(pushes.commit(then))
    joined = pushes.clone.commit({**mine, **then}, first, pushes.head())
    now: Mapping[str, Content] = {**START, "Home.md": "# Home\n\nNow.\n"}
    pushes.push(pushes.commit(now))
    again = pushes.clone.commit({**mine, **now}, joined, pushes.head())
    assert pushes.push(again, actor=scoped).commits == [first, joined, again]


@pytest.mark.parametrize("mode", [b"40755", b"040000", b"40777"])
def test_folders_with_odd_modes_stay_folders(pushes: Pushes, mode: bytes) -> None:
    inner = pushes.clone.tree({"Page.md": "# Page\n"})
    whole = pushes.clone.git("cat-file", "tree", pushes.clone.tree({"Home.md": "# Home\n"})).encode(
        "utf-8", "surrogateescape"
    )
    body = whole + mode + b" c\0" + bytes.fromhex(inner)
    tree = pushes.clone.git("hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=body)
    pushes.push(pushes.clone.git("commit-tree", tree, "-p", pushes.head(), stdin=b"odd"), actor=ADMIN)
    pushes.wiki.commit([Edit("c/New.md", "# New\n", None)], EDITOR, "Save")
    assert pushes.served.git("ls-tree", "--name-only", "main:c").splitlines() == ["New.md", "Page.md"]
    with pytest.raises(InvalidChangeError):
        pushes.wiki.commit([Edit("c/new.md", "# A clash\n", None)], EDITOR, "Save")


@pytest.mark.parametrize("name", [b".git", b"..", b".", b"a. "])
def test_folders_without_files_have_safe_names_as_well(pushes: Pushes, name: bytes) -> None:
    empty = pushes.clone.git("hash-object", "-t", "tree", "-w", "--stdin")
    body = b"40000 " + name + b"\0" + bytes.fromhex(empty)
    tree = pushes.clone.git("hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=body)
    new = pushes.clone.git("commit-tree", tree, "-p", pushes.head(), stdin=b"empty")
    assert "rename it" in refused(pushes, new, ADMIN)


def test_a_folder_that_stands_for_very_many_files_is_refused_soon(
    pushes: Pushes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_incoming, "PATHS", 500)
    monkeypatch.setattr(rules, "PATHS", 500)
    tree = pushes.clone.tree({f"{n}.md": "x\n" for n in range(10)})
    for _ in range(3):
        body = b"".join(b"40000 %d\0" % n + bytes.fromhex(tree) for n in range(10))
        tree = pushes.clone.git("hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=body)
    bomb = pushes.clone.git("commit-tree", tree, "-p", pushes.head(), stdin=b"bomb")
    assert "more than 500 files" in refused(pushes, bomb, ADMIN)
    assert "more than 500 files" in refused(pushes, pushes.clone.commit(START, bomb), ADMIN)


def test_nobody_waits_any_more(pushes: Pushes) -> None:
    new = pushes.commit({**START, "New.md": "new\n"})
    shutil.copytree(
        pushes.clone.path / "objects", quarantine := pushes.served.path / "objects" / "incoming-test"
    )
    with pytest.raises(PushRefusedError, match="taken back"):
        pushes.wiki.pushing.check([pushes.update(new)], quarantine, EDITOR, lambda: True)


def test_what_fails_after_the_branch_has_moved_is_no_refusal(
    pushes: Pushes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Follower, commit: str, wait: float) -> bool:
        raise ValueError("a parser, say")

    monkeypatch.setattr(Follower, "bring", broken)
    new = pushes.commit({**START, "New.md": "new\n"})
    pushes.push(new)
    assert pushes.head() == new
    assert "Indexing continues" in pushes.said[0]


def test_hidden_files_and_settings_are_for_admins(pushes: Pushes) -> None:
    new = pushes.commit({**START, "quire.toml": "", ".obsidian/app.json": "{}"})
    told = refused(pushes, new)
    assert "quire.toml may not be changed by you" in told
    assert ".obsidian/app.json may not be changed by you (hidden files are for admins)" in told
    pushes.push(new, actor=ADMIN)


@pytest.mark.parametrize("role", [Role.NOBODY, Role.READER, Role.CONTRIBUTOR])
def test_who_is_no_editor_pushes_nothing(pushes: Pushes, role: Role) -> None:
    new = pushes.commit({**START, "New.md": "new\n"})
    assert "you may not change this wiki" in refused(pushes, new, replace(EDITOR, role=role))


@pytest.mark.parametrize("root", ["docs"])
@pytest.mark.parametrize("start", [{"docs/Home.md": "# Home\n", "code.py": "1\n"}])
def test_a_wiki_in_a_folder_takes_changes_of_that_folder(
    pushes: Pushes, start: Mapping[str, Content]
) -> None:
    pushes.push(pushes.commit({**start, "docs/New.md": "new\n"}))
    clash = pushes.commit({**start, "docs/New.md": "new\n", "docs/home.md": "clash\n"})
    assert "docs/home.md has the same address as docs/Home.md" in refused(pushes, clash)
    outside = pushes.commit({**start, "docs/New.md": "new\n", "code.py": "2\n", "Code.py": "3\n"})
    assert "code.py is not below docs" in refused(pushes, outside)
    pushes.push(outside, actor=ADMIN)
    beside = {**start, "docs/New.md": "new\n", "link": File(b"code.py", SYMLINK), "-/x.md": "x\n"}
    assert pushes.push(pushes.commit(beside), actor=ADMIN).warnings == ()


def test_what_authors_may_like_to_know_is_told_and_nothing_refused(pushes: Pushes) -> None:
    new = pushes.commit(
        {
            **START,
            "bytes.md": b"caf\xe9\n",
            "odd.md": "---\ntitle: [\n---\ntext\n",
            "-/search.md": "text\n",
        }
    )
    told = pushes.push(new).warnings
    assert any("bytes.md is not UTF-8" in line for line in told)
    assert any(line.startswith("odd.md line ") for line in told)
    assert any("-/search.md cannot be read in a browser" in line for line in told)


def test_of_many_reasons_some_are_told(pushes: Pushes) -> None:
    links: Mapping[str, Content] = {f"link {n}": File(b"x", SYMLINK) for n in range(TOLD + 5)}
    told = refused(pushes, pushes.commit({**START, **links}), ADMIN).splitlines()
    assert len(told) == TOLD + 1
    assert told[-1] == "and 5 more reasons"


def test_only_gits_own_quarantine_is_looked_into(pushes: Pushes, tmp_path: Path) -> None:
    new = pushes.commit({**START, "New.md": "new\n"})
    elsewhere = tmp_path / "tmp_objdir-incoming-x"
    elsewhere.mkdir()
    for place in (pushes.clone.path / "objects", elsewhere, pushes.served.path / "objects" / "pack"):
        with pytest.raises(StoreError, match="no place where git keeps"):
            pushes.wiki.pushing.check([pushes.update(new)], place, EDITOR)


def test_a_work_tree_follows_and_local_changes_stay(tmp_path: Path) -> None:

    served = repositories.make(tmp_path / "wiki", bare=False)
    start = served.commit({"A.md": "a\n", "B.md": "b\n"})
    served.git("reset", "-q", "--hard")
    wiki = Wiki.open(
        GitStore.open(served.path), WhooshIndex(tmp_path / "s"), tmp_path / "c", RolePolicy(), processes=0
    )
    wiki.catch_up()
    first = served.commit({"A.md": "new\n", "C/D.md": "d\n"}, start, branch=None)

    wiki.pushing.publish(Update("refs/heads/main", start, first), EDITOR, print)
    assert served.git("status", "--porcelain") == ""
    assert (served.path / "A.md").read_text() == "new\n"
    assert (served.path / "C/D.md").read_text() == "d\n"
    assert not (served.path / "B.md").exists()
    (served.path / "A.md").write_text("typed here\n")
    second = served.commit({"A.md": "newer\n", "C/D.md": "d\n"}, first, branch=None)
    with pytest.raises(PushRefusedError, match=r"A\.md"):
        wiki.pushing.publish(Update("refs/heads/main", first, second), EDITOR, print)
    assert served.git("rev-parse", "main") == first
    assert (served.path / "A.md").read_text() == "typed here\n"
    third = served.commit({"A.md": "new\n", "C/E.md": "e\n"}, first, branch=None)
    wiki.pushing.publish(Update("refs/heads/main", first, third), EDITOR, print)
    assert (served.path / "A.md").read_text() == "typed here\n"
    assert served.git("status", "--porcelain") == " M A.md"
    wiki.close()


def test_a_wiki_in_memory_takes_no_pushes(wiki: Wiki) -> None:
    with pytest.raises(StoreError, match="in no repository"):
        _ = wiki.pushing
