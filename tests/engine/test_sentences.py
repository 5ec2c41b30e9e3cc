"""Where sentences end: in doubt, nowhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sentences import gaps


def sentences(text: str) -> list[str]:
    found, start = [], 0
    for end, following in gaps(text):
        found.append(text[start:end])
        assert not text[end:following].strip()
        start = following
    return [*found, text[start:]]


@pytest.mark.parametrize(
    "expected",
    [
        ["One.", "Two?", "Three!", "Four…", "Five"],
        ["It was so.", "(Or not.)", "“Really?”", "Yes."],
        ["A line\nthat goes on.", "Another one."],
        ["See [[Page]].", "And `code`.", "And [a link](https://example.org/?a=b)."],
        ["- an item.", "Its second sentence."],
    ],
)
def test_sentences_end_with_a_sign_and_a_space(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


@pytest.mark.parametrize(
    "expected",
    [
        ["你好。", "世界！", "再见？", "（好。）完"],
        ["「好。」他说。", "然后走了。"],
        ["彼は「はい。そうです。」と言った。", "終わり。"],
    ],
)
def test_chinese_and_japanese_sentences_end_without_a_space(expected: list[str]) -> None:
    assert sentences("".join(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Smith and J. Doe met.",
        "Fruit, e.g. Apples, i.e. food.",
        "In the U.S. Army.",
        "Am 3. Mai, z. B. Montag, bzw. Dienstag.",
        "Cats, dogs etc. are pets.",
        "What?! he said.",
        "He left… but came back.",
        "(One. Two.) three",
        '"One. Two." three',
        "„Eins. Zwei.“ drei",
        "«Un. Deux.» trois",
        "`One. Two.` three",
        "[One. Two.](three)",
        "3.5 and 4.2",
        "a.b.c",
        "...",
        "",
    ],
)
def test_what_may_be_no_end_is_none(text: str) -> None:
    assert sentences(text) == [text]


def test_what_is_never_closed_hides_all_ends_behind_it() -> None:
    assert sentences("One. (Two. Three. Four.") == ["One.", "(Two. Three. Four."]
    assert sentences("Smile :) One. Two.") == ["Smile :) One.", "Two."]


@given(st.text(alphabet="Aa1 .!?…。」「()\"'`\n", max_size=60))
def test_nothing_is_lost_between_sentences(text: str) -> None:
    at = 0
    for end, following in gaps(text):
        assert at < end <= following < len(text)
        assert not text[end:following].strip()
        at = following
