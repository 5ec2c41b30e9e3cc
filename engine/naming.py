"""What files are called that are made here: new pages after their titles, other files after their own names."""

import re
import unicodedata
from collections.abc import Iterator

from engine.errors import InvalidChangeError
from engine.ids import BIDI_CONTROLS, MAX_PART_BYTES, PAGE_SUFFIXES, fold, page_stem, unsafe_because
from engine.messages import Message

SUFFIX = PAGE_SUFFIXES[0]
NAMELESS = "file"
"""What a file is called whose own name has nothing of which one could be made."""

# What some file system or a wikilink cannot have in a name.
_ELSEWHERE = re.compile(r'[\\/:*?"<>|#^\[\]%]+')
_STEPS = re.compile(r"[\\/]+")
_FILE_SUFFIX = re.compile(r"[a-z0-9]{1,10}")
_JOINERS = "\u200c\u200d"  # scripts need them within words; other signs that cannot be seen only deceive
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])",
    re.IGNORECASE,
)
"""What a part of a path cannot be called on Windows, whatever its suffix.

Source:
    "Naming Files, Paths, and Namespaces", Microsoft Learn.
"""


def file_name(title: str, naming: str = "key") -> str:
    """Return the name of a file for a page with this title.

    Args:
        title: What readers will call the page.
        naming: As the content setting: ``key`` gives what people may type for it (``Llama Organization`` becomes
            ``llama-organization.md``), ``title`` keeps the title.

    Returns:
        The name, with its suffix; empty where the title has nothing of which a name could be made.
    """
    words = "".join(" " if _is_control(character) else character for character in title)
    return _fitted(_stem(words, naming), SUFFIX)


def media_name(text: str, naming: str = "key") -> str:
    """Return the name under which a file other than a page is kept.

    Args:
        text: What it is called where it comes from, maybe with folders before it, which do not count.
        naming: As `file_name`.

    Returns:
        The name, never empty: one safe part of a path, with the suffix in small letters.

    Raises:
        InvalidChangeError: It is called like a page, or like a hidden file.
    """
    last = next(filter(None, reversed(_STEPS.split(text))), "")
    words = " ".join("".join(_seen(unicodedata.normalize("NFC", last))).split())
    if words.startswith("."):
        raise InvalidChangeError(
            Message(
                "“%(name)s” begins with a dot, so it would be hidden; give it another name.", name=words[:60]
            )
        )
    words = words.rstrip(". ")
    stem, dot, suffix = words.rpartition(".")
    suffix = unicodedata.normalize("NFKC", suffix).casefold()
    if not dot or not stem or _FILE_SUFFIX.fullmatch(suffix) is None:
        stem, suffix = words, ""
    stem = _stem(stem, naming) or NAMELESS
    if _DEVICE.fullmatch(stem.partition(".")[0].rstrip(" ")):
        stem = f"{NAMELESS}-{stem}"
    name = _fitted(stem, f".{suffix}" if suffix else "")
    if page_stem(fold(name)) is not None:
        raise InvalidChangeError(
            Message("“%(name)s” would be a page; make a new page and put its text there.", name=words[:60])
        )
    if not name:
        raise InvalidChangeError(Message("A file cannot be called “%(name)s”.", name=words[:60]))
    return name


def has_suffix(text: str) -> bool:
    """Say whether a file's name, as somebody typed it, ends in a suffix."""
    stem, dot, suffix = text.strip().rpartition(".")
    return bool(dot and stem) and _FILE_SUFFIX.fullmatch(suffix.casefold()) is not None


def numbered(name: str) -> Iterator[str]:
    """Yield other names for a file, with numbers from 2 on: ``leaf-2.png``."""
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        stem, dot, suffix = name, "", ""
    number = 2
    while made := _fitted(stem, f"-{number}{dot}{suffix}"):
        yield made
        number += 1


def _stem(words: str, naming: str) -> str:
    words = " ".join(_ELSEWHERE.sub(" ", words).split())
    stem = fold(words).strip("-") if naming == "key" else words
    return stem.rstrip(". ").lstrip("-. ")


def _fitted(stem: str, suffix: str) -> str:
    """Return both as one part of a path, the stem as long as it may be; empty where that is no safe part."""
    while stem and len(f"{stem}{suffix}".encode()) > MAX_PART_BYTES:
        stem = stem[:-1].rstrip("-. ")
    return f"{stem}{suffix}" if stem and unsafe_because(f"{stem}{suffix}") is None else ""


def _seen(text: str) -> Iterator[str]:
    """Yield the characters of a name that can be seen, and a space for each that parts lines or words unseen."""
    for character in text:
        if unicodedata.category(character) == "Cf" and character not in BIDI_CONTROLS:
            if character in _JOINERS:
                yield character
        else:
            yield " " if _is_control(character) else character


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in BIDI_CONTROLS
