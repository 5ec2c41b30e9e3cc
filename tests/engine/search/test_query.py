"""What people type becomes words, phrases, fields and negations; what cannot be read is said."""

import pytest

from engine.search.query import MAX_LENGTH, Field, Not, Phrase, Query, Word, parse


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("", ()),
        ("  \t\n", ()),
        ("Llama", (Word("llama"),)),
        ("red LLAMA red", (Word("red"), Word("llama"))),
        ('"release Notes"', (Phrase(("release", "notes")),)),
        ("“release notes”", (Phrase(("release", "notes")),)),
        ('"running"', (Phrase(("running",)),)),
        ("std::vector", (Phrase(("std", "vector")),)),
        ("snake_case", (Phrase(("snake", "case")),)),
        ("2026-03-09", (Phrase(("2026", "03", "09")),)),
        ("http://a.example/b", (Phrase(("http", "a", "example", "b")),)),
        ("10:30", (Phrase(("10", "30")),)),
        ("c++", (Word("c"),)),
        ("don't", (Word("don"),)),
        ("l’homme", (Word("homme"),)),
        ("数组文件", (Word("数组文件"),)),
        ("-llama", (Not(Word("llama")),)),
        ('-"red llama"', (Not(Phrase(("red", "llama"))),)),
        ("-a.b", (Not(Phrase(("a", "b"))),)),
        ("--help", (Word("help"),)),
        ("a - b", (Word("a"), Word("b"))),
        ("well-known", (Phrase(("well", "known")),)),
        ("title:Llama", (Field("title", "llama"),)),
        ('title:"two  Words"', (Field("title", "two words"),)),
        ("Title:two-words", (Field("title", "two words"),)),
        ("-title:a", (Not(Field("title", "a")),)),
        ("tag:Big_Cat", (Field("tag", "big-cat"),)),
        ('tag:"Big Cat/lion"', (Field("tag", "big-cat/lion"),)),
        ("tag:#cat/", (Field("tag", "cat"),)),
        ("-tag:🦙", (Not(Field("tag", "🦙")),)),
        ("path:Help/Search/", (Field("path", "help/search"),)),
        ("path:/help", (Field("path", "/help"),)),
        ("tag:a:b", (Field("tag", "a:b"),)),
    ],
)
def test_a_query_is_read_without_a_note(typed: str, parts: tuple[object, ...]) -> None:
    query = parse(typed)
    assert query.parts == parts
    assert query.notes == ()


@pytest.mark.parametrize(
    ("typed", "parts", "said"),
    [
        ('red "llama wool', ("red", "llama", "wool"), "quotation mark"),
        ('12" pipe', ("12", "pipe"), "quotation mark"),
        ("author:Ada", ("author", "ada"), "author"),
        ('author:"Ada L"', ("author", '"ada l"'), "author"),
        ("tag: x", ("tag", "x"), "tag:"),
        ("title:+++", (), "+++"),
        ("🦙🦙", (), "🦙🦙"),
        ("***", (), "***"),
    ],
)
def test_what_cannot_be_read_is_said(typed: str, parts: tuple[str, ...], said: str) -> None:
    query = parse(typed)
    assert tuple(map(str, query.parts)) == parts
    assert len(query.notes) == 1
    assert said in query.notes[0]


def test_a_long_query_is_cut_at_a_word() -> None:
    query = parse("a" * 300 + " " + "b" * 300)
    assert str(query) == "a" * 300
    assert str(MAX_LENGTH) in query.notes[0]


def test_notes_make_no_difference_to_a_query() -> None:
    assert parse("author:ada") == parse("author ada") == Query((Word("author"), Word("ada")))
    assert hash(parse("author:ada")) == hash(parse("author ada"))
