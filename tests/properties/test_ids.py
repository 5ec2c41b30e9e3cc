"""What always holds of paths and keys, whatever Unicode people send."""

import os
import posixpath
import re
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from engine.errors import PageIdError
from engine.ids import PageId, fold, fold_path, page_stem, parse_path, url_path
from engine.store import rules

ODD = "./\\:~ _-gitGIT１\u200c\u200d\u200e\u202e\u2066\ufeff\u2024\uff0f\uff0e\u2100\u00a8\0\n\x7f\ud800İßςŉΐﬃ\u0345\u0390"
text = (
    st.text()
    | st.text(alphabet=ODD, max_size=12)
    | st.text(alphabet=st.characters(codec="utf-8"), max_size=300)
)
# How file systems may read a name: without what HFS+ ignores, without what NTFS drops, in any case.
HFS_IGNORES = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


@given(text)
@example("\u1e9e\u0345")
@example("ͺ")
def test_folding_twice_changes_nothing(part: str) -> None:
    assert fold(fold(part)) == fold(part)


@given(text)
def test_case_width_and_separators_do_not_matter(part: str) -> None:
    assert fold(part.replace(" ", "_")) == fold(part.replace(" ", "-")) == fold(part.replace(" ", "  "))
    assert fold(unicodedata.normalize("NFD", part)) == fold(unicodedata.normalize("NFC", part))
    assert fold(part.casefold()) == fold(part)


@given(text)
def test_a_key_has_as_many_parts_as_its_path(path: str) -> None:
    assert fold_path(path).count("/") == path.count("/")


@given(st.lists(text.map(lambda part: part.replace("\0", "").replace("/", ""))))
def test_keys_found_all_at_once_are_those_found_one_by_one(names: list[str]) -> None:
    found = rules.keys(names)
    for name in names:
        assert name in found[fold(name)]
        assert name in found[rules.name_key(name)]
    assert all(key in {fold(name), rules.name_key(name)} for key, those in found.items() for name in those)


@given(text)
@example("a/.git")
@example(".g\u200cit")
@example("．．")
def test_what_is_parsed_is_safe(path: str) -> None:
    try:
        parsed = parse_path(path)
    except PageIdError:
        return
    assert parsed == path
    assert len(path.encode()) <= 1024
    assert not posixpath.isabs(path)
    assert posixpath.normpath(path) == path
    assert posixpath.normpath(os.path.join("/root", path)).startswith("/root/")  # noqa: PTH118
    assert not set("\\\0\n\r\u202e\u2066") & set(path)
    for part in path.split("/"):
        assert len(part.encode()) <= 255
        for seen in (part, HFS_IGNORES.sub("", part), part.rstrip(". "), part.partition(":")[0].rstrip(". ")):
            assert seen.lower() not in {".git", "git~1"}
            assert seen == part or seen not in {".", ".."}
        assert part not in {"", ".", ".."}
        assert not part.endswith((".", " "))


@given(text)
def test_a_page_id_leads_to_its_file_and_back(name: str) -> None:
    try:
        page = PageId.parse(name)
    except PageIdError:
        return
    assert parse_path(page.path) == page.path
    assert page_stem(page.path) == str(page) == name
    assert PageId.take(name) == page
    assert page.key == fold_path(name)


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_a_url_is_plain_and_stays_on_the_site(path: str) -> None:
    url = url_path(path)
    assert url.isascii()
    assert not set(url) & set(' "<>\\^`{|}?#\n')
