"""What every search index promises. A reference in plain sets says what must match."""

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from engine.ids import fold_path, page_stem
from engine.search import Document, Hit, IndexLostError, Results, SearchIndex, analysis
from engine.search.query import Field, Not, Part, Phrase, Query, Word, parse
from engine.search.whoosh_index import WhooshIndex

Atom = tuple[
    str, bool
]  # a word, or one character of a script without spaces; whether it is glued to the one before


def atoms(text: str) -> list[Atom]:
    found = []
    for word in analysis.words(analysis.fold(text)):
        glued = False
        run = ""
        for character in [*word, ""]:
            if character and not analysis.is_dense(character):
                run, glued = run + character, False
                continue
            found += [(run, False)] if run else []
            run = ""
            found += [(character, glued)] if character else []
            glued = True
    return found


def stands_in(wanted: list[Atom], text: list[Atom]) -> bool:
    return any(
        all(
            text[start + at][0] == word and (text[start + at][1] or not glued)
            for at, (word, glued) in enumerate(wanted)
        )
        for start in range(len(text) - len(wanted) + 1)
    )


class MemoryIndex:
    """The promise in plain sets: slow, and easy to see through."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._commit: str | None = None

    def commit(self) -> str | None:
        return self._commit

    def worn(self) -> bool:
        return False

    def contents(self) -> Iterator[tuple[str, str]]:
        return ((path, each.blob) for path, each in self._documents.items())

    def update(
        self,
        documents: Iterable[Document],
        removed: Iterable[str],
        commit: str,
        *,
        progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        if self._commit is None:
            raise IndexLostError
        for path in removed:
            self._documents.pop(path, None)
        for number, document in enumerate(documents, 1):
            self._documents[document.path] = document
            progress(number)
        self._commit = commit

    def rebuild(
        self,
        documents: Iterable[Document],
        commit: str,
        *,
        progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        self._documents.clear()
        self._commit = commit
        self.update(documents, (), commit, progress=progress)

    def search(
        self, query: Query, *, limit: int, offset: int = 0, allowed: Callable[[str], bool] | None = None
    ) -> Results:
        hits = [
            Hit(path, document.blob, sum(self._score(document, part) for part in query.parts))
            for path, document in self._documents.items()
            if query.parts and all(self._score(document, part) for part in query.parts)
            if allowed is None or allowed(path)
        ]
        hits.sort(key=lambda hit: -hit.score)
        return Results(self._commit, tuple(hits[offset : offset + limit]), more=len(hits) > offset + limit)

    def close(self) -> None:
        pass

    def _score(self, document: Document, part: Part) -> float:
        """Return 0 when *part* does not match."""
        title = [document.title, *document.aliases]
        if isinstance(part, Not):
            return 0 if self._score(document, part.part) else 0.001
        if isinstance(part, Word):
            return (
                self._word(document, part.text, [document.text])
                + 2 * self._word(document, part.text, document.headings)
                + 4 * self._word(document, part.text, title)
            )
        if isinstance(part, Phrase):
            return self._phrase(part.words, [document.text, *document.headings, *title])
        if part.name == "title":
            words = part.value.split(" ")
            return self._word(document, words[0], title) if len(words) == 1 else self._phrase(words, title)
        if part.name == "tag":
            keys = [fold_path(tag) for tag in document.tags]
            return 0.001 * any(key == part.value or key.startswith(f"{part.value}/") for key in keys)
        key = fold_path(page_stem(document.path) or document.path)
        in_folder = f"{key}/".startswith(f"{part.value.strip('/')}/")
        if "/" in part.value or in_folder:
            return 0.001 * in_folder
        return 0.001 * bool(self._phrases(analysis.words(part.value), [document.path]))

    def _word(self, document: Document, word: str, texts: Iterable[str]) -> float:
        parts = [atoms(text) for text in texts]
        if any(stands_in(atoms(word), part) for part in parts):
            return 1.0
        if len(atoms(word)) > 1:
            return 0.0
        language = analysis.stemmer(document.lang)
        present = {analysis.stemmer(each.lang) for each in self._documents.values()}
        for other in present:
            if other is None:
                continue
            short = analysis.stem(word, other)
            for found, _ in (atom for part in parts for atom in part):
                if other == language and analysis.stem(found, other) == short != found:
                    return 0.4
                if found == short == analysis.stem(short, other):
                    return 0.4
        return 0.0

    def _phrase(self, words: Iterable[str], texts: Iterable[str]) -> float:
        wanted = atoms(" ".join(words))
        return float(any(stands_in(wanted, atoms(text)) for text in texts))

    def _phrases(self, words: Iterable[str], texts: list[str]) -> bool:
        return bool(words) and all(self._phrase([word], texts) for word in words)


@pytest.fixture(params=["memory", "whoosh"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    index = MemoryIndex() if request.param == "memory" else WhooshIndex(tmp_path / "index")
    yield index
    index.close()


def document(path: str = "a.md", text: str = "", **more: object) -> Document:
    fields: dict[str, object] = {
        "blob": f"blob of {path}",
        "title": "",
        "aliases": (),
        "headings": (),
        "tags": (),
        "lang": "en",
    }
    return Document(path=path, text=text, **(fields | more))  # type: ignore[arg-type]


def found(index: SearchIndex, typed: str, **how: object) -> list[str]:
    results = index.search(parse(typed), **({"limit": 1000} | how))  # type: ignore[arg-type]
    return [hit.path for hit in results.hits]


def test_an_empty_index_names_no_commit_and_has_no_hits(index: SearchIndex) -> None:
    assert index.commit() is None
    assert index.search(parse("llama"), limit=10) == Results(None, (), more=False)


def test_an_update_needs_a_commit_to_go_on_from(index: SearchIndex) -> None:
    with pytest.raises(IndexLostError):
        index.update([document("a.md", "llama")], (), "c1")
    assert index.commit() is None


def test_a_page_is_found_with_its_blob_and_the_commit(index: SearchIndex) -> None:
    index.rebuild([document("a.md", "The llama runs.")], "c1")
    results = index.search(parse("llama"), limit=10)
    assert (index.commit(), results.commit, results.more) == ("c1", "c1", False)
    assert [(hit.path, hit.blob) for hit in results.hits] == [("a.md", "blob of a.md")]
    assert results.hits[0].score > 0


def test_an_update_replaces_adds_and_removes(index: SearchIndex) -> None:
    index.rebuild([document("a.md", "one"), document("b.md", "one"), document("c.md", "one")], "c1")
    index.update([document("a.md", "two"), document("d.md", "two")], ["b.md", "unknown.md"], "c2")
    assert found(index, "one") == ["c.md"]
    assert sorted(found(index, "two")) == ["a.md", "d.md"]
    assert index.commit() == "c2"


def test_its_contents_are_what_it_was_told_last(index: SearchIndex) -> None:
    assert list(index.contents()) == []
    index.rebuild([document("a.md", "one"), document("b.md", "one"), document("c.md", "")], "c1")
    index.update([document("a.md", "two"), document("d.md", "two")], ["b.md"], "c2")
    assert sorted(index.contents()) == [(f"{name}.md", f"blob of {name}.md") for name in "acd"]


def test_a_commit_without_pages_is_named(index: SearchIndex) -> None:
    index.rebuild([document("a.md", "one")], "c1")
    for number in range(12):
        index.update((), (), f"d{number}")
    assert index.commit() == "d11"
    assert found(index, "-nothing") == ["a.md"]


def test_a_rebuild_forgets_what_was(index: SearchIndex) -> None:
    index.rebuild([document("a.md", "one")], "c1")
    index.rebuild([document("b.md", "one")], "c2")
    assert (found(index, "one"), index.commit()) == (["b.md"], "c2")


@pytest.mark.parametrize("way", ["update", "rebuild"])
def test_of_two_documents_with_one_path_the_later_counts(index: SearchIndex, way: str) -> None:
    both = [document("a.md", "one"), document("b.md", "one"), document("a.md", "two")]
    if way == "update":
        index.rebuild([document("a.md", "zero")], "c0")
    if way == "rebuild":
        index.rebuild(both, "c1")
    else:
        index.update(both, ["a.md"], "c1")
    assert (found(index, "zero"), found(index, "one"), found(index, "two")) == ([], ["b.md"], ["a.md"])


def test_progress_is_told(index: SearchIndex) -> None:
    told: list[int] = []
    index.rebuild([document("a.md"), document("b.md")], "c1", progress=told.append)
    index.update([document("c.md")], (), "c2", progress=told.append)
    assert told == [1, 2, 1]


def test_all_words_must_match(index: SearchIndex) -> None:
    index.rebuild([document("a.md", "red llama"), document("b.md", "red alpaca")], "c1")
    assert found(index, "llama red") == ["a.md"]
    assert found(index, "llama alpaca") == []


def test_a_phrase_matches_as_it_stands(index: SearchIndex) -> None:
    index.rebuild(
        [
            document("a.md", "release notes", title="Notes"),
            document("b.md", "notes of the release"),
            document("c.md", "release note"),
            document("d.md", "notes", title="The last release"),
        ],
        "c1",
    )
    assert found(index, '"release notes"') == ["a.md"]
    assert found(index, "release-notes") == ["a.md"]
    assert sorted(found(index, "release notes")) == ["a.md", "b.md", "c.md", "d.md"]
    assert sorted(found(index, '-"release notes" release')) == ["b.md", "c.md", "d.md"]
    assert found(index, '"notes" "last"') == ["d.md"]


def test_negations_take_away(index: SearchIndex) -> None:
    index.rebuild([document("a.md", "red llama"), document("b.md", "red alpaca")], "c1")
    assert found(index, "red -llama") == ["b.md"]
    assert found(index, "-alpaca") == ["a.md"]
    assert found(index, "-red") == []
    assert found(index, "") == []


def test_titles_weigh_more_than_headings_and_these_more_than_text(index: SearchIndex) -> None:
    rest = "and a few more words that say other things"
    index.rebuild(
        [
            document("text.md", f"llama {rest}"),
            document("heading.md", f"llama {rest}", headings=("llama",)),
            document("title.md", f"other {rest}", title="Llama"),
            document("none.md", rest),
        ],
        "c1",
    )
    assert found(index, "llama") == ["title.md", "heading.md", "text.md"]


def test_the_exact_form_weighs_more_than_another_inflection(index: SearchIndex) -> None:
    index.rebuild([document("a.md", "it runs"), document("b.md", "to run")], "c1")
    assert found(index, "run") == ["b.md", "a.md"]
    assert found(index, "runs") == ["a.md", "b.md"]
    assert sorted(found(index, "running")) == ["a.md", "b.md"]
    assert found(index, '"run"') == ["b.md"]


def test_titles_aliases_and_headings_are_found_where_the_text_does_not_have_them(index: SearchIndex) -> None:
    index.rebuild(
        [document("a.md", "nothing", title="Big Llamas", aliases=("Camelid",), headings=("Fur and wool",))],
        "c1",
    )
    for typed in (
        "llama",
        "camelid",
        "wool",
        '"fur and wool"',
        "title:llama",
        'title:"big llamas"',
        "title:camelid",
    ):
        assert found(index, typed) == ["a.md"], typed
    for typed in ("title:wool", 'title:"llamas camelid"', '"llamas camelid"', "title:nothing"):
        assert found(index, typed) == [], typed


def test_a_tag_is_found_by_its_key_and_by_the_tags_above_it(index: SearchIndex) -> None:
    index.rebuild(
        [document("a.md", tags=("Animal/Big Cat",)), document("b.md", tags=("animals",)), document("c.md")],
        "c1",
    )
    for typed in ("tag:animal", "tag:Animal/big_cat", 'tag:"animal/big cat"', "tag:#animal/"):
        assert found(index, typed) == ["a.md"], typed
    assert found(index, "tag:big-cat") == []
    assert sorted(found(index, "-tag:animal")) == ["b.md", "c.md"]


def test_a_path_is_found_by_its_words_and_by_its_folders(index: SearchIndex) -> None:
    index.rebuild(
        [
            document("Help/Search/Query_language.md"),
            document("help/start.md"),
            document("old/help.md"),
            document("zh/首页.md", lang="zh"),
        ],
        "c1",
    )
    every = ["Help/Search/Query_language.md", "help/start.md", "old/help.md"]
    assert sorted(found(index, "path:help")) == every
    assert sorted(found(index, "path:/help")) == every[:2]
    assert found(index, "path:help/search") == every[:1]
    assert found(index, "path:help/search/query-language") == every[:1]
    assert found(index, 'path:"query language"') == every[:1]
    assert found(index, "path:sea") == []
    assert found(index, "path:首页") == ["zh/首页.md"]


@pytest.mark.parametrize(
    ("lang", "text", "typed"),
    [
        ("de", "Die Häuser stehen leer", "Haus"),
        ("de", "Das Haus steht leer", "häusern"),
        ("de", "Die STRASSE ist lang", "Straße"),
        ("fr", "Les chevaux de l’homme", "homme"),
        ("ar", "زرت المكتبات الكبيرة", "مكتبة"),
        ("ar", "كِتَابٌ جديد", "كتاب"),
        ("zh", "使用数组文件可以保存数据。", "数组"),
        ("zh", "使用数组文件可以保存数据。", "组文件"),
        ("zh", "使用数组文件可以保存数据。", "存"),
        ("ja", "ファイルの名前を変更する", "ファイル"),
        ("ja", "ﾌｧｲﾙの名前", "ファイル"),
        ("ja", "ファイルの名前を変更する", "の"),
        ("ko", "위키에서 문서를 편집합니다", "문서"),
        ("th", "ฉันรักภาษาไทย", "ภาษา"),
        ("hi", "यह हिन्दी पाठ है", "हिन्दी"),
        ("ru", "Новые страницы", "страница"),
        ("", "Čeština bez kmenů", "čeština"),
        ("en", "the file nai\u0308ve.txt", "naïve"),
        ("en", "snake_case and std::vector", "vector"),
        ("en", "snake_case and std::vector", "snake"),
    ],
)
def test_pages_of_every_script_are_found(index: SearchIndex, lang: str, text: str, typed: str) -> None:
    others = [
        document(f"{other}.md", "other words, different text", lang=other) for other in ("en", "de", "xx")
    ]
    index.rebuild([document("page.md", text, lang=lang), *others], "c1")
    assert found(index, typed) == ["page.md"]
    index.update([document("page.md", "empty", lang=lang, title=text)], (), "c2")
    assert found(index, typed) == ["page.md"]


def test_parts_of_a_run_that_do_not_touch_do_not_match(index: SearchIndex) -> None:
    index.rebuild([document("a.md", "数组文件 数据", lang="zh")], "c1")
    assert found(index, "数文") == []
    assert found(index, "件数") == []
    assert found(index, '"数组 数据"') == []
    assert found(index, '"文件 数据"') == ["a.md"]


def test_hidden_pages_leave_no_trace(index: SearchIndex) -> None:
    pages = [document(f"{number:03}.md", "llama " * (number % 7 + 1)) for number in range(300)]
    index.rebuild(pages, "c1")
    even = [path for path in found(index, "llama") if int(path[:3]) % 2 == 0]
    assert len(even) == 150

    def allowed(path: str) -> bool:
        return int(path[:3]) % 2 == 0

    first = index.search(parse("llama"), limit=40, allowed=allowed)
    second = index.search(parse("llama"), limit=200, offset=40, allowed=allowed)
    assert [hit.path for hit in first.hits] + [hit.path for hit in second.hits] == even
    assert (first.more, second.more) == (True, False)
    last = index.search(parse("llama"), limit=10, allowed=lambda path: path == even[-1])
    assert [hit.path for hit in last.hits] == [even[-1]]
    assert not last.more
    assert not index.search(parse("llama"), limit=150, allowed=allowed).more


def test_pages_of_hits_do_not_overlap(index: SearchIndex) -> None:
    index.rebuild([document(f"{number}.md", "llama") for number in range(25)], "c1")
    pages = [index.search(parse("llama"), limit=10, offset=offset) for offset in (0, 10, 20, 30)]
    assert [(len(page.hits), page.more) for page in pages] == [(10, True), (10, True), (5, False), (0, False)]
    assert len({hit.path for page in pages for hit in page.hits}) == 25


def test_an_error_of_the_policy_is_not_swallowed(index: SearchIndex) -> None:
    index.rebuild([document("a.md", "llama")], "c1")

    def broken(path: str) -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        index.search(parse("llama"), limit=1, allowed=broken)
    assert found(index, "llama") == ["a.md"]


VOCABULARY = (
    "run runs running runner house houses haus häuser häusern straße strasse library libraries الكتاب كتاب مكتبات "
    "المكتبة 数组 数组文件 文件 の 第3章 ファイル std::vector snake_case l'homme don't the and of 2026-03-09"
).split()
TAGS = ("animal", "animal/big cat", "Animal", "todo")


def some_text(draw: random.Random, most: int) -> str:
    return " ".join(draw.choices(VOCABULARY, k=draw.randint(0, most)))


def some_document(draw: random.Random) -> Document:
    return document(
        draw.choice(["", "help/", "Old Pages/"]) + draw.choice("abcdefgh") + ".md",
        some_text(draw, 12),
        title=some_text(draw, 2),
        aliases=(some_text(draw, 2),),
        headings=(some_text(draw, 2), some_text(draw, 1)),
        tags=tuple(draw.sample(TAGS, k=draw.randint(0, 2))),
        lang=draw.choice(["en", "de", "ar", "zh", "ja", ""]),
    )


def some_query(draw: random.Random) -> str:
    parts = []
    for _ in range(draw.randint(1, 3)):
        value = draw.choice(VOCABULARY)
        if draw.random() < 0.3:
            value = f'"{value} {draw.choice(VOCABULARY)}"'
        if draw.random() < 0.2:
            value = f"title:{value}"
        elif draw.random() < 0.1:
            value = draw.choice(
                ["tag:animal", "tag:animal/big-cat", "path:help", "path:/old-pages", "path:a", "tag:x"]
            )
        parts.append(draw.choice(["", "", "", "-"]) + value)
    return " ".join(parts)


@pytest.mark.parametrize("seed", range(12))
def test_an_index_matches_what_the_reference_matches(index: SearchIndex, seed: int) -> None:
    draw = random.Random(seed)
    reference = MemoryIndex()
    for step in range(10):
        pages = [some_document(draw) for _ in range(draw.randint(0, 6))]
        removed = [some_document(draw).path for _ in range(draw.randint(0, 3))]
        if step == 0 or draw.random() < 0.1:
            reference.rebuild(pages, f"c{step}")
            index.rebuild(pages, f"c{step}")
        else:
            reference.update(pages, removed, f"c{step}")
            index.update(pages, removed, f"c{step}")
        assert index.commit() == f"c{step}"
        for typed in [some_query(draw) for _ in range(20)]:
            assert sorted(found(index, typed)) == sorted(found(reference, typed)), typed


def test_fields_and_parts_are_all_known_to_the_reference() -> None:
    assert {type(part) for part in parse('a "b c" -d tag:e').parts} == {Word, Phrase, Not, Field}
