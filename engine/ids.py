"""text -> PageId -> key -> path: the one place that decides what is safe.

Text that comes from people is *parsed*, and refused when it could harm a repository or a reader.
Names that a repository already has are *taken*, as they are: they are only ever compared with, never opened.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

from engine.errors import InvalidChangeError, PageIdError
from engine.messages import Message

PAGE_SUFFIXES = (".md", ".markdown")
"""What makes a file a page, in any case; of two files with one id the earlier suffix wins."""

RESERVED = ("-", "wiki.git")
"""Folders at the root whose addresses are kept for what is no page."""
RESERVED_FILES = ("wiki.git", "sitemap.xml", "robots.txt", "llms.txt", "favicon.ico")

MAX_PART_BYTES = 255
MAX_PATH_BYTES = 1024

_SEPARATORS = re.compile(r"[\s_-]+")
# Characters that HFS+ leaves out when it compares names, so that ".g\u200cit" opens ".git" there.
_HFS_IGNORABLE = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the text behind them around, so that a name reads as another one."""
# What NTFS drops or reads as a stream name behind ".git", and the short names it may give that folder.
_GIT_FOLDER = re.compile(r"(?:\.git|git~[0-9]+)[ .]*(?::.*)?", re.DOTALL)


def fold(part: str) -> str:
    """Reduce one part to its key: NFKC, case-folded, each run of spaces, ``_`` and ``-`` one ``-``.

    Source:
        NFKC_Casefold, Unicode Standard Annex 31, section 3.13 R5, repeated until nothing changes.
    """
    # What only looks like "/" (fullwidth, or within "℅") does not become one: a key has the parts of its path.
    folded = _SEPARATORS.sub("-", unicodedata.normalize("NFKC", part).casefold().replace("/", "\u2044"))
    return folded if folded == part else fold(folded)


def fold_path(text: str) -> str:
    """Reduce each part of a path or page id to its key."""
    return "/".join(fold(part) for part in text.split("/"))


def address_key(path: str) -> str:
    """Return what all paths share that have the same address as *path*, or would have it."""
    return fold_path(page_stem(path) or path)


def unsafe_because(part: str) -> str | None:
    """Say why *part* cannot be part of a path that people make, ``None`` when it can."""
    if not part:
        return "a part is empty"
    if part != part.rstrip(". "):
        return "a part ends in a dot or a space"  # so "." and ".." too
    for character in part:
        category = unicodedata.category(character)
        if category in {"Cc", "Cs", "Zl", "Zp"} or character in BIDI_CONTROLS:
            return f"it holds the control character U+{ord(character):04X}"
    if "\\" in part:
        return "it holds a backslash"
    plain = unicodedata.normalize("NFKC", _HFS_IGNORABLE.sub("", part)).casefold()
    if plain in {"", ".", ".."} or ("/" in plain and {".", ".."} & set(plain.split("/"))):
        return "it reads as a step in the file system"
    if _GIT_FOLDER.fullmatch(plain):
        return "it would be git's own folder"
    if len(part.encode()) > MAX_PART_BYTES:
        return f"a part is longer than {MAX_PART_BYTES} bytes"
    return None


def parse_path(text: str) -> str:
    """Return *text* when it may become a path of the repository.

    Raises:
        PageIdError: A part is unsafe, or the whole is longer than 1,024 bytes; the message says why.
    """
    for part in text.split("/"):
        if (reason := unsafe_because(part)) is not None:
            raise PageIdError(f"{text!r} cannot be a path: {reason}")
    if len(text.encode()) > MAX_PATH_BYTES:
        raise PageIdError(f"{text[:40]!r}… cannot be a path: it is longer than {MAX_PATH_BYTES} bytes")
    return text


def page_stem(path: str) -> str | None:
    """Return *path* without its page suffix, ``None`` when the file is no page (``a/.md`` has no name left)."""
    lower = path[-len(PAGE_SUFFIXES[-1]) :].lower()
    for suffix in PAGE_SUFFIXES:
        if lower.endswith(suffix):
            stem = path[: -len(suffix)]
            return stem if stem and not stem.endswith("/") else None
    return None


def is_reserved(text: str) -> bool:
    """Say whether an address, without its first slash, is kept for the wiki itself, so that it never leads to a page."""
    return text in RESERVED_FILES or text.startswith(tuple(f"{folder}/" for folder in RESERVED))


def check_reach(path: str) -> None:
    """Refuse a path for a new file that nobody could reach there.

    Raises:
        InvalidChangeError: Its address, or that of the page that it is, is kept for the wiki itself.
    """
    if is_reserved(path) or is_reserved(page_stem(path) or ""):
        raise InvalidChangeError(Message("“%(path)s” belongs to the wiki itself.", path=path[:60]))


def url_path(text: str) -> str:
    """Return the URL path, from the root, of a page id or a media path."""
    return "/" + quote(text, safe="/!$&'()*+,;=:@~")


@dataclass(frozen=True, slots=True, order=True)
class PageId:
    """Where a page lives: ``help/search`` is ``search`` in folder ``help``, spelled as git spells it."""

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Make an id from text that somebody typed.

        Raises:
            PageIdError: The text is unsafe as a path; the message says why.
        """
        parse_path(f"{text}{PAGE_SUFFIXES[0]}")
        return cls(tuple(parse_path(text).split("/")))

    @classmethod
    def take(cls, stem: str) -> Self:
        """Make an id from a path that the repository has (see `page_stem`), whatever it holds."""
        return cls(tuple(stem.split("/")))

    @property
    def key(self) -> str:
        """What people may type for it: case, spaces, ``_`` and ``-`` do not matter."""
        return fold_path(str(self))

    @property
    def folder(self) -> str:
        """The parts before the last, joined; empty at the root."""
        return "/".join(self.parts[:-1])

    @property
    def last(self) -> str:
        """The part that names the page within its folder."""
        return self.parts[-1]

    @property
    def path(self) -> str:
        """The file that a new page of this id is written to."""
        return f"{self}{PAGE_SUFFIXES[0]}"

    @property
    def url(self) -> str:
        """Its address from the root of the site."""
        return url_path(str(self))

    def __str__(self) -> str:
        return "/".join(self.parts)
