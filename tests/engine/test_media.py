"""Media: lists, what is known of one, how pages name it, and where a new one goes; all as one actor may see it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from engine.access import Action, Actor, Kind, Role, RolePolicy
from engine.catalog import Uses
from engine.errors import ForbiddenError, InvalidChangeError, MediaNotFoundError, PageIdError
from engine.media import Collision, Media
from engine.model import Form, Name
from engine.previews import Measures
from engine.wiki import Snapshot, Wiki
from tests.conftest import Commit
from tests.images import image

EDITOR = Actor(Kind.PERSON, "ada", Role.EDITOR)
OUTSIDER = Actor(Kind.PERSON, "out", Role.EDITOR)


class HidesBoard(RolePolicy):
    """One editor neither sees nor changes what is in the folder ``board``, spelled just so."""

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        hidden = name.path.startswith("board/") and actor.name == OUTSIDER.name
        return super().allows(actor, action, name) and not hidden

    def is_open(self, actor: Actor) -> bool:
        return actor.name != OUTSIDER.name

    def scope(self, actor: Actor) -> str:
        return actor.name


@pytest.fixture
def policy() -> RolePolicy:
    return HidesBoard()


Look = Callable[..., Snapshot]


@pytest.fixture
def look(wiki: Wiki) -> Iterator[Look]:
    """Open a snapshot for an actor."""
    with ExitStack() as stack:

        def opened(actor: Actor = EDITOR) -> Snapshot:
            wiki.catch_up()
            return stack.enter_context(wiki.at(actor))

        yield opened


def paths(media: Media, folder: str = "") -> list[str]:
    return [line.name.path for line in media.listing(folder).items]


# -- lists


def test_media_are_listed_by_path_without_pages_and_hidden_files(commit: Commit, look: Look) -> None:
    commit(
        {"a.md": "x\n", "b.png": b"1", "n/a.pdf": b"22", ".gitignore": b"", "n/.x/y.png": b"", "n2.png": b""}
    )
    media = look().media
    assert paths(media) == ["b.png", "n/a.pdf", "n2.png"]
    assert paths(media, folder="n") == ["n/a.pdf"]
    assert paths(media, folder="none") == []
    assert [line.size for line in media.listing().items] == [1, 2, 0]


def test_a_long_list_has_pages(commit: Commit, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.media.LISTED", 2)
    commit({f"{number}.png": b"x" for number in range(5)})
    media = look().media
    pages = [media.listing(page=page) for page in (1, 2, 3, 4)]
    assert [[line.name.path for line in page.items] for page in pages] == [
        ["0.png", "1.png"],
        ["2.png", "3.png"],
        ["4.png"],
        [],
    ]
    assert [(page.more, page.total) for page in pages] == [(True, 5), (True, 5), (False, 5), (False, 5)]


def test_lists_tell_how_many_pages_use_a_file(commit: Commit, look: Look) -> None:
    commit({"a.md": "![[b.png]]\n", "c.md": "[[b.png]]\n", "b.png": b"1", "d.png": b"1"})
    assert [line.uses for line in look().media.listing().items] == [Uses(2), Uses(0)]


USED: dict[str, str | bytes | None] = {
    "quire.toml": 'logo = "logo.svg"\n',
    "a.md": "---\ncover: n/front.png\nnested:\n  - '[[wiki.pdf]]'\n---\n![[shown.png]] [x](n/linked.zip)\n",
    "to.md": "---\nredirect: led.png\n---\n",
    "shown.png": b"1",
    "led.png": b"1",
    "logo.svg": b"1",
    "wiki.pdf": b"1",
    "n/front.png": b"1",
    "n/linked.zip": b"1",
    "n/unused.png": b"1",
    "unused.csv": b"1",
    "LICENSE": b"1",
    "script.py": b"1",
    ".hidden/unused.png": b"1",
}


def test_unused_media_are_those_that_the_check_finds(commit: Commit, look: Look) -> None:
    commit(USED)
    snapshot = look()
    found = snapshot.media.unused()
    assert found is not None
    assert [line.name.path for line in found.listing.items] == ["n/unused.png", "unused.csv"]
    assert found.listing.total == 2
    checked = [each.path for each in snapshot.check() if each.code == "unused-media"]
    assert [line.name.path for line in found.listing.items] == checked
    within = snapshot.media.unused("n")
    assert within is not None
    assert ([line.name.path for line in within.listing.items], within.listing.total) == (["n/unused.png"], 1)


def test_a_use_that_may_not_be_seen_is_none(commit: Commit, look: Look) -> None:
    commit({"board/a.md": "![[b.png]]\n", "b.png": b"1"})
    for actor, expected in ((EDITOR, []), (OUTSIDER, ["b.png"])):
        media = look(actor).media
        found = media.unused()
        assert found is not None
        assert [line.name.path for line in found.listing.items] == expected
        assert media.listing().items[0].uses.pages == (0 if expected else 1)


def test_hidden_media_are_in_no_list(commit: Commit, look: Look) -> None:
    commit({"board/b.png": b"1", "a.png": b"1"})
    media = look(OUTSIDER).media
    assert paths(media) == ["a.png"]
    assert paths(media, folder="board") == []
    assert media.listing().total == 1
    hidden = look().media.at("board/b.png")
    assert hidden is not None
    for question in (media.medium, lambda name: media.picture(name, 160)):
        with pytest.raises(MediaNotFoundError):
            question(hidden)
    assert media.at("board/b.png") is None


# -- one medium


def test_what_is_known_of_an_image(commit: Commit, look: Look) -> None:
    content = image(600, 300)
    commit({"n/leaf.png": content, "a.md": "See ![[leaf.png]] here.\n", "other.txt": b"x"})
    media = look().media
    leaf = media.at("n/leaf.png")
    assert leaf is not None
    known = media.medium(leaf)
    assert known.size == len(content)
    assert known.measures == Measures(600, 300, "PNG", animated=False)
    assert [use.name.path for use in known.used_by] == ["a.md"]
    assert known.written == "![[leaf.png]]"
    assert known.last_change is not None
    assert media.picture(leaf, 160) is not None
    other = media.at("other.txt")
    assert other is not None
    assert (media.medium(other).measures, media.medium(other).written) == (None, "[[other.txt]]")


def test_a_medium_is_shown_while_the_previews_of_others_are_made(
    commit: Commit, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.previews.TURN_OF_MEASURES", 0.01)
    commit({"leaf.png": image(60, 30)})
    media = look().media
    leaf = media.at("leaf.png")
    assert leaf is not None
    with media._previews._turn.held(1):
        assert media.medium(leaf).measures is None
    assert media.medium(leaf).measures == Measures(60, 30, "PNG", animated=False)


def test_of_very_large_images_there_is_no_picture(
    commit: Commit, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.media.SOURCE_BYTES", 10)
    commit({"leaf.png": image(60, 30)})
    media = look().media
    leaf = media.at("leaf.png")
    assert leaf is not None
    assert media.picture(leaf, 160) is None
    assert media.medium(leaf).measures is None


def test_a_page_is_no_medium(commit: Commit, look: Look) -> None:
    commit({"a.md": "x\n"})
    media = look().media
    assert media.at("a.md") is None
    with pytest.raises(MediaNotFoundError):
        media.medium(Name("a.md", "0" * 40, Form.PAGE))


# -- how pages name it


@pytest.mark.parametrize(
    ("path", "folder", "target"),
    [
        ("only.png", "", "only.png"),
        ("n/deep/one.png", "", "one.png"),
        ("n/deep/one.png", "elsewhere", "one.png"),
        ("n/twice.png", "n", "twice.png"),
        ("m/twice.png", "n", "m/twice.png"),
        ("m/twice.png", "far", "m/twice.png"),
        ("m/twice.png", None, "m/twice.png"),
        ("n/deep/one.png", None, "one.png"),
        ("x/a.png", None, "/x/a.png"),
        ("y/x/a.png", None, "y/x/a.png"),
    ],
)
def test_the_shortest_target_that_surely_means_a_file(
    commit: Commit, look: Look, path: str, folder: str | None, target: str
) -> None:
    names = ("only.png", "n/deep/one.png", "n/twice.png", "m/twice.png", "x/a.png", "y/x/a.png")
    commit(dict.fromkeys(names, b"x"))
    snapshot = look()
    name = snapshot.media.at(path)
    assert name is not None
    assert snapshot.media.target(name, folder) == target


def test_what_a_target_means_is_seen_on_pages(commit: Commit, look: Look, wiki: Wiki) -> None:
    files = {f"{folder}/pic.png": b"x" for folder in ("a", "a/b", "b/a", "c", "b")}
    commit(files)
    media = look().media
    written = [
        (
            f"{folder}/p{number}-{anywhere}".lstrip("/"),
            path,
            media.written(name, None if anywhere else folder),
        )
        for number, path in enumerate(files)
        for folder in ("", "a", "a/b", "b", "none")
        for anywhere in (False, True)
        if (name := media.at(path)) is not None
    ]
    commit({f"{page}.md": f"{shown}\n" for page, _, shown in written})
    wiki.catch_up()
    with wiki.at(EDITOR) as later:
        for text, path, shown in written:
            page = later.find(text).name
            assert page is not None
            assert f'src="/{path}"' in later.html(page), (text, path, shown)
    assert len(written) == 50


# -- where a new one goes


def test_a_new_file_goes_where_it_is_sent(commit: Commit, look: Look) -> None:
    commit({"Notes/a.md": "x\n"})
    media = look().media
    assert media.folder("") == ""
    assert media.folder(" /notes/ ") == "Notes"
    assert media.folder("new/folder") == "new/folder"
    assert media.place("My Leaf.PNG", "Notes").path == "Notes/my-leaf.png"


def test_titles_name_files_where_the_content_wants_it_so(commit: Commit, look: Look) -> None:
    commit({"quire.toml": 'naming = "title"\n'})
    assert look().media.place("My Leaf.PNG", "").path == "My Leaf.png"


@pytest.mark.parametrize(
    "folder", ["..", "a/../b", "a//b", "a/\0", "a\\b", "a/b.", ".git", "a/.GIT", "x" * 300]
)
def test_an_unsafe_folder_is_refused(commit: Commit, look: Look, folder: str) -> None:
    commit({"a.md": "x\n"})
    with pytest.raises((PageIdError, ForbiddenError)):
        look().media.folder(folder)


def test_no_folder_can_be_where_a_file_is(commit: Commit, look: Look) -> None:
    commit({"a.png": b"x"})
    with pytest.raises(InvalidChangeError, match="no folder"):
        look().media.folder("a.png/b")


@pytest.mark.parametrize("text", ["leaf.png", "LEAF.PNG", "x/leaf.png"])
def test_a_name_that_is_taken_is_told_with_one_that_is_free(commit: Commit, look: Look, text: str) -> None:
    commit({"n/Leaf.png": b"1", "n/leaf-2.png": b"1", "n/LEAF_3.png": b"1", "n/leaf-4.png.md": "x\n"})
    collision = look().media.place(text, "n").collision
    assert collision is not None
    assert collision.existing is not None
    assert (collision.existing.path, collision.suggested) == ("n/Leaf.png", "n/leaf-5.png")


def test_what_cannot_be_replaced_is_not_offered(commit: Commit, look: Look) -> None:
    commit({"leaf.png.md": "a page\n", "dir.d/x.png": b"1"})
    media = look().media
    assert media.place("leaf.png", "").collision == Collision(None, "leaf-2.png")
    assert media.place("Dir.d", "").collision == Collision(None, "dir-2.d")


def test_of_a_hidden_file_only_that_a_name_is_taken_is_told(commit: Commit, look: Look) -> None:
    commit({"board/leaf.png": b"1"})
    media = look(OUTSIDER).media
    with pytest.raises(ForbiddenError):
        media.folder("board")
    assert media.collision("Board/leaf.png") == Collision(None, "Board/leaf-2.png")
    assert look().media.collision("Board/leaf.png") != Collision(None, "Board/leaf-2.png")


def test_files_that_come_together_get_names_of_their_own(commit: Commit, look: Look) -> None:
    commit({"leaf-2.png": b"1"})
    media = look().media
    given: list[str] = []
    for text in ("a leaf.png", "A_Leaf.PNG", "a-leaf.png", "leaf.png", "Leaf.png"):
        place = media.place(text, "", given)
        assert place.collision is None
        given.append(place.path)
    assert given == ["a-leaf.png", "a-leaf-2.png", "a-leaf-3.png", "leaf.png", "leaf-3.png"]


def test_readers_place_nothing(commit: Commit, look: Look) -> None:
    commit({"a.md": "x\n"})
    media = look(Actor(Kind.PERSON, "rea", Role.READER)).media
    with pytest.raises(ForbiddenError):
        media.folder("")
    with pytest.raises(ForbiddenError):
        media.place("a.png", "")
    with pytest.raises(ForbiddenError):
        look().media.place("quire.toml", "")  # which is for admins
