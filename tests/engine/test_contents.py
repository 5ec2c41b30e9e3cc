"""Two versions of a file: what a reader is told of their difference is all of it, and true."""

from engine.alignment import Alignment
from engine.contents import COMPARED_BYTES, COMPARED_LINES, Contents, Kind, Note, Property, compare
from engine.marking import Piece


def told(found: Contents) -> list[tuple[str, str | None, str | None]]:
    return [(each.key, text(each.old), text(each.new)) for each in found.properties]


def text(pieces: tuple[Piece, ...] | None) -> str | None:
    return None if pieces is None else "".join(piece.text for piece in pieces)


def changed(found: Alignment | None) -> list[str]:
    assert found is not None
    return [
        f"{sign}{cell.line} {text(cell.pieces)}"
        for section in found.sections
        for row in section.unified()
        for sign, cell in (("-", row.old), ("+", row.new))
        if cell and not row.same
    ]


def test_front_matter_is_compared_by_key_and_the_body_by_lines() -> None:
    old = b"---\ntitle: Llama\ntags: [a, b]\nold: gone\n---\nOne.\nTwo.\n"
    new = b"---\ntags: [a, c]\ntitle: Llama\nlang: en\ncount: 3\n---\nOne.\n2.\n"
    found = compare(old, new)
    assert told(found) == [
        ("tags", "a, b", "a, c"),
        ("old", "gone", None),
        ("lang", None, "en"),
        ("count", None, "3"),
    ]
    assert found.properties[0].new == (Piece("a, "), Piece("c", marked=True))
    assert found.front is None
    assert changed(found.body) == ["-7 Two.", "+8 2."]
    assert found.kind is Kind.TEXT
    assert not found.same


def test_an_empty_value_is_not_a_missing_key() -> None:
    assert told(compare(b"---\na:\n---\n", b"---\nb: x\n---\n")) == [("a", "", None), ("b", None, "x")]


def test_a_new_page_and_a_deleted_one_have_one_side() -> None:
    content = b"---\ntitle: T\n---\nOne.\n"
    found = compare(None, content)
    assert told(found) == [("title", None, "T")]
    assert changed(found.body) == ["+4 One."]
    assert found.notes == ()
    assert told(compare(content, None)) == [("title", "T", None)]
    assert compare(None, b"").body == Alignment()


def test_front_matter_that_cannot_be_read_is_compared_by_lines() -> None:
    found = compare(b"---\ntitle: T\n---\nOne.\n", b"---\ntitle: [T\n---\nOne.\n")
    assert found.properties == ()
    assert changed(found.front) == ["-2 title: T", "+2 title: [T"]
    assert found.body is not None
    assert found.body.same


def test_comments_and_order_in_front_matter_are_compared_by_lines() -> None:
    found = compare(b"---\na: 1\nb: 2\n---\n", b"---\nb: 2 # two\na: 1\n---\n")
    assert found.properties == ()
    assert changed(found.front) == ["+2 b: 2 # two", "-3 b: 2"]
    quoted = compare(b"---\na: 1\n---\n", b'---\na: "1"\n---\n')
    assert changed(quoted.front) == ["-2 a: 1", '+2 a: "1"']


def test_line_ends_final_newline_and_byte_order_mark_are_notes_and_not_changes() -> None:
    cases: list[tuple[bytes, bytes, tuple[Note, ...]]] = [
        (b"a\nb\n", b"a\r\nb\r\n", (Note.LINE_ENDS,)),
        (b"a\rb\r", b"a\nb\n", (Note.LINE_ENDS,)),
        (b"a\nb", b"a\nb\n", (Note.FINAL_NEWLINE,)),
        (b"a\n", b"\xef\xbb\xbfa\n", (Note.BYTE_ORDER_MARK,)),
        (
            b"---\nt: x\n---\na",
            b"\xef\xbb\xbf---\r\nt: x\r\n---\r\na",
            (Note.BYTE_ORDER_MARK, Note.LINE_ENDS),
        ),
        (b"a\n", b"a\n", ()),
    ]
    for old, new, notes in cases:
        for first, second in ((old, new), (new, old)):
            found = compare(first, second)
            assert found.notes == notes, (first, second)
            assert found.body is not None
            assert found.body.same
            assert found.properties == ()
            assert found.front is None
    assert compare(b"a\n", b"a\n").same


def test_what_only_looks_like_a_line_end_is_none() -> None:
    found = compare("a\u2028b\x0bc\n".encode(), "a\u2028b\x0bd\n".encode())
    assert found.body is not None
    assert (found.body.removed, found.body.added) == (1, 1)


def test_bytes_that_are_no_text_are_not_compared_by_lines() -> None:
    assert compare(b"caf\xe9\n", b"cafe\n").kind is Kind.BINARY
    assert compare(b"a\0b", b"a\0c", page=False).kind is Kind.BINARY
    assert compare(b"a\0b\n", b"a\0c\n").kind is Kind.TEXT
    same = compare(b"\xff", b"\xff")
    assert (same.kind, same.same, same.body) == (Kind.BINARY, True, None)


def test_other_text_files_have_no_front_matter() -> None:
    found = compare(b"---\na: 1\n---\n", b"---\na: 2\n---\n", page=False)
    assert found.properties == ()
    assert changed(found.body) == ["-2 a: 1", "+2 a: 2"]


def test_versions_that_are_too_large_are_not_compared() -> None:
    found = compare(b"x" * (COMPARED_BYTES + 1), b"x")
    assert (found.kind, found.body, found.same) == (Kind.LARGE, None, False)
    for end in (b"\n", b"\r", b"\r\n"):
        assert compare((b"x" + end) * (COMPARED_LINES + 1), None).kind is Kind.LARGE
        assert compare((b"x" + end) * COMPARED_LINES, None).kind is Kind.TEXT


def test_a_long_value_is_shortened() -> None:
    (found,) = compare(None, f"---\nkey: {'word ' * 5_000}\n---\n".encode()).properties
    assert isinstance(found, Property)
    assert len(text(found.new) or "") < 1_000
