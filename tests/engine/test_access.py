"""Who may what."""

import pytest

from engine.access import (
    ANONYMOUS,
    PATTERNS,
    Action,
    Actor,
    Kind,
    Role,
    RolePolicy,
    Unprotected,
    fits,
    parse_patterns,
)
from engine.model import Form, Name

NAME = Name("a.md", "0" * 40, Form.PAGE)
MAY = {
    Role.NOBODY: set(),
    Role.READER: {Action.READ},
    Role.CONTRIBUTOR: {Action.READ, Action.WRITE},
    Role.EDITOR: {Action.READ, Action.WRITE},
    Role.ADMIN: set(Action),
}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("role", Role)
def test_each_role_may_what_is_its_own(role: Role, kind: Kind) -> None:
    actor = Actor(kind, "ada", role)
    assert {action for action in Action if RolePolicy().allows(actor, action, NAME)} == MAY[role]
    assert RolePolicy().is_open(actor) == (Action.READ in MAY[role])


def test_readers_share_a_scope_that_nobody_has() -> None:
    scopes = {role: RolePolicy().scope(Actor(Kind.PERSON, "ada", role)) for role in Role}
    assert scopes[Role.READER] == scopes[Role.EDITOR] == scopes[Role.ADMIN]
    assert scopes[Role.NOBODY] != scopes[Role.READER]


def test_the_unknown_only_read() -> None:
    assert ANONYMOUS.role is Role.READER
    assert not RolePolicy().allows(ANONYMOUS, Action.WRITE, NAME)


def test_a_role_covers_those_before_it() -> None:
    for place, role in enumerate(Role):
        assert [role.covers(other) for other in Role] == [number <= place for number in range(len(Role))]


def test_without_protections_whoever_may_write_may_change_every_page() -> None:
    assert Unprotected().level("a.md", None) is Role.CONTRIBUTOR
    assert Unprotected().highest() is Role.CONTRIBUTOR
    assert not Unprotected().pages()


# -- patterns


def named(path: str) -> Name:
    return Name(path, "0" * 40, Form.PAGE)


def program(reads: tuple[str, ...], writes: tuple[str, ...] = ("**",), role: Role = Role.EDITOR) -> Actor:
    return Actor(Kind.PROGRAM, "robot", role, None, reads, writes)


@pytest.mark.parametrize(
    ("pattern", "fitting", "other"),
    [
        ("**", ["a", "a.md", "a/b/c.md", "a\nb"], []),
        ("notes/**", ["notes/a.md", "notes/a/b.md"], ["notes", "notes.md", "Notes/a.md", "x/notes/a.md"]),
        ("notes/*.md", ["notes/a.md", "notes/.md"], ["notes/a/b.md", "notes/a.png"]),
        ("*.md", ["a.md"], ["a/b.md", "a.md.png"]),
        ("**/*.md", ["a.md", "a/b/c.md"], ["a.png", "a.md/x"]),
        ("a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["a", "z", "a/zz", "a/b/z/c"]),
        ("**/a/**/b/**/c", ["a/b/c", "x/a/x/b/x/c", "a/b/b/x/c"], ["a/c", "b/a/c"]),
        ("a?c", ["abc", "a?c"], ["ac", "a/c"]),
        ("*?a*", ["xa", "xxab"], ["a"]),
        ("a*b*c", ["abc", "axbyc", "abbcc"], ["acb", "a/b/c"]),
        ("a.md", ["a.md"], ["axmd", "A.md", "a.md/b"]),
        ("a[b]+(c)", ["a[b]+(c)"], ["ab", "abbc"]),
        ("é.md", ["é.md"], ["e\u0301.md"]),
        ("a", ["a"], ["a\n", "a "]),
    ],
)
def test_a_pattern_fits_what_it_says(pattern: str, fitting: list[str], other: list[str]) -> None:
    assert [path for path in fitting if not fits(path, (pattern,))] == []
    assert [path for path in other if fits(path, (pattern,))] == []


def test_without_patterns_nothing_fits() -> None:
    assert not fits("a.md", ())
    assert fits("a.md", ("b.md", "a.*"))


@pytest.mark.parametrize(
    "pattern", ["*a" * 140 + "b/**", "**/a/" * 60 + "b", "*" + "a" * 290 + "b", "?*" * 100 + "b"]
)
def test_no_pattern_takes_long(pattern: str) -> None:
    for path in ("a" * 1_000, "/".join("a" * 500), "a" * 500 + "/" + "a" * 500):
        assert not fits(path, (pattern,))


def test_patterns_are_read_as_people_type_them() -> None:
    assert parse_patterns(("/notes/", " *.md ", "", "notes/**", "**")) == ("notes/**", "*.md", "**")
    assert parse_patterns(()) == ()


@pytest.mark.parametrize(
    "text",
    ["../x", "a/../b", "a//b", "./a", "a/.", "/", "//", "a**", "**.md", "a\\b", "a\0b", "a\nb", "x" * 301],
    ids=ascii,
)
def test_a_pattern_that_stands_for_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_patterns((text,))


def test_too_many_patterns_are_refused() -> None:
    with pytest.raises(ValueError, match="and no more"):
        parse_patterns(tuple(f"a{number}" for number in range(PATTERNS + 1)))


def test_a_program_reads_and_writes_what_its_patterns_say() -> None:
    policy = RolePolicy()
    robot = program(("notes/**", "index.md"), ("notes/inbox/*", "secret.md"))
    may = {
        path: {action.name for action in Action if policy.allows(robot, action, named(path))}
        for path in ("notes/a.md", "notes/inbox/a.md", "index.md", "secret.md", "Notes/inbox/a.md")
    }
    assert may == {
        "notes/a.md": {"READ"},
        "notes/inbox/a.md": {"READ", "WRITE"},
        "index.md": {"READ"},
        "secret.md": set(),  # what may not be read is not changed either
        "Notes/inbox/a.md": set(),
    }
    assert not policy.is_open(robot)
    assert not policy.allows(program(("**",), ("**",), Role.READER), Action.WRITE, named("a.md"))
    assert not policy.allows(program(()), Action.READ, named("a.md"))


def test_only_those_share_a_scope_who_read_the_same() -> None:
    policy = RolePolicy()
    scopes = {
        reads: policy.scope(program(reads))
        for reads in (("**",), ("a/**",), ("b/**",), ("a/**", "b/**"), (), ("a/**', 'b/**",))
    }
    assert len(set(scopes.values())) == len(scopes)
    assert scopes["**",] == policy.scope(Actor(Kind.PERSON, "ada", Role.READER))
    assert policy.scope(program(("b/**", "a/**"), ("a/**",))) == scopes["a/**", "b/**"]
    assert policy.scope(program(("**", "a/**"))) == scopes["**",]
    assert policy.scope(program(("a/**",), role=Role.NOBODY)) == policy.scope(program((), role=Role.NOBODY))
