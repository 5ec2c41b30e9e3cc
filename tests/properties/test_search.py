"""What always holds for queries, terms and snippets."""

from hypothesis import given
from hypothesis import strategies as st

from engine.search import analysis
from engine.search.query import MAX_LENGTH, MAX_WORDS, parse
from engine.search.snippet import ELLIPSIS, snippet

TYPED = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.one_of(
            st.sampled_from(
                ['"', "-", "tag:", "title:", "path:", "foo:", ":", "/", " ", "'", "_", "'s", "#"]
            ),
            st.sampled_from(["Llama", "läuft", "数组文件", "第3章", "كِتَاب", "a.b", "x"]),
            st.text(max_size=4),
        ),
        max_size=60,
    ).map("".join),
)


@given(TYPED)
def test_no_typed_text_is_an_error_and_a_query_reads_as_it_is_written(typed: str) -> None:
    query = parse(typed)
    assert parse(str(query)) == query
    assert parse(str(query)).notes == ()
    assert len(str(query)) <= MAX_LENGTH


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert analysis.fold(analysis.fold(text)) == analysis.fold(text)


@given(st.lists(st.sampled_from(["数组", "文件", "x", "run", "の", "第3章"]), min_size=1, max_size=6))
def test_a_sequence_stands_where_its_words_do(words: list[str]) -> None:
    found = analysis.positions(["a " + " ".join(words) + " b"])
    for offset, term in enumerate(analysis.sequence(words)):
        assert offset + 1 in found[term]


@given(st.integers(min_value=1, max_value=200))
def test_long_queries_are_cut_and_say_so(count: int) -> None:
    query = parse(" ".join(f"w{number}" for number in range(count)))
    assert len(query.parts) == min(count, MAX_WORDS)
    assert bool(query.notes) == (count > MAX_WORDS)


@given(
    TYPED,
    st.one_of(st.text(max_size=2000), TYPED.map(lambda text: text * 20)),
    st.sampled_from(["en", "ar", "zh", ""]),
)
def test_a_snippet_is_a_piece_of_its_text(typed: str, text: str, lang: str) -> None:
    shown = snippet(text, parse(typed), lang)
    whole = "".join(text.split())
    assert "".join(str(shown).strip(ELLIPSIS).split()) in whole
    assert 0 <= shown.offset <= len(text)
    assert all(part for part, _ in shown.parts)
    first = next((part for part, matches in shown.parts if matches), "")
    assert "".join(text[shown.offset :].split()).startswith("".join(first.split()))


@given(
    st.sampled_from(["llama", "数组", "كتاب", "naïve", "house"]), st.text(max_size=300), st.text(max_size=300)
)
def test_a_word_that_stands_in_a_text_is_marked(word: str, before: str, after: str) -> None:
    shown = snippet(f"{before} {word} {after}", parse(word), "en")
    assert any(matches for _, matches in shown.parts)
