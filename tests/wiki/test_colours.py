"""Every text can be read on every ground that it stands on, in light and in dark, as WCAG 2.2 asks of level AA."""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).parent.parent.parent / "themes" / "default" / "static" / "css"
GROUNDS = ("background", "surface", "raised")
TEXTS = (*("text", "muted", "link", "visited", "missing", "note", "tip", "important", "warning", "danger"),)
SIGNS = ("edge", "accent", "tip", "warning", "danger", "note", "important")  # borders of fields, focus, marks
LOOKS = ("light", "dark")


def colours(sheet: str) -> dict[str, tuple[str, str]]:
    """Return the custom properties of a sheet that are colours, each as light and dark."""
    text = (CSS / f"{sheet}.css").read_text(encoding="utf-8")
    return {
        name: (light, dark)
        for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", text)
    }


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2, definition of relative luminance)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_the_standard_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", TEXTS)
def test_texts_can_be_read(text: str, ground: str, look: str) -> None:
    found = colours("variables")
    at = LOOKS.index(look)
    assert contrast(found[text][at], found[ground][at]) >= 4.5


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("text", ["text", "link", "visited", "missing"])
def test_marked_texts_can_be_read(text: str, look: str) -> None:
    found = colours("variables")
    at = LOOKS.index(look)
    assert contrast(found[text][at], found["mark"][at]) >= 4.5


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("sign", SIGNS)
def test_signs_can_be_seen(sign: str, ground: str, look: str) -> None:
    found = colours("variables")
    at = LOOKS.index(look)
    assert contrast(found[sign][at], found[ground][at]) >= 3


@pytest.mark.parametrize("look", LOOKS)
def test_code_can_be_read(look: str) -> None:
    found = colours("code")
    at = LOOKS.index(look)
    ground = found.pop("code-background")[at]
    for name, each in found.items():
        assert contrast(each[at], ground) >= 4.5, name
    for name in ("link", "muted", "missing"):
        assert contrast(colours("variables")[name][at], ground) >= 4.5, name


def test_every_colour_is_tested() -> None:
    assert set(colours("variables")) == {
        *GROUNDS,
        *TEXTS,
        *SIGNS,
        "mark",
        "line",
    }  # lines only part what is apart
