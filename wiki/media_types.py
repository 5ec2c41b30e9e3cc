"""What a file is, told by its first bytes rather than by what its name claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediaType:
    """How a file is served."""

    mimetype: str
    download: bool = False  # saved rather than shown


TEXT = MediaType("text/plain; charset=utf-8")

_SIGNATURES: Sequence[tuple[int, bytes, str]] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypavis", "image/avif"),
    (4, b"ftyphei", "image/heic"),
    (4, b"ftyphev", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypmsf1", "image/heif"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x00\x00\x01\x00", "image/x-icon"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"%PDF-", "application/pdf"),
)
_WEAK: Sequence[tuple[int, bytes, str]] = (
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"ID3", "audio/mpeg"),
)
"""Signatures that text may begin with; they count where the beginning is no text."""
_DOWNLOADS: Sequence[tuple[int, bytes, str]] = (
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
)
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script")
HEAD = 1_024  # bytes that are looked at


def media_type(content: bytes, path: str) -> MediaType:
    """Tell a file's type.

    Args:
        content: The whole file.
        path: Its path; the suffix only tells kinds of text apart.

    Source:
        The signatures of the WHATWG MIME Sniffing Standard, section 6, and of each format.
    """
    for offset, signature, mimetype in _SIGNATURES:
        if content.startswith(signature, offset):
            return MediaType(mimetype)
    if b"\0" in content[:HEAD]:
        for offset, signature, mimetype in _WEAK:
            if content.startswith(signature, offset):
                return MediaType(mimetype)
    for offset, signature, mimetype in _DOWNLOADS:
        if content.startswith(signature, offset):
            return MediaType(mimetype, download=True)
    if b"\0" in content or not _is_utf8(content):
        return MediaType("application/octet-stream", download=True)
    start = content[:HEAD].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if _is_svg(start, path):
        return MediaType("image/svg+xml")
    if start.startswith(_HTML) or path.lower().endswith((".html", ".htm", ".xhtml")):
        return MediaType("text/html; charset=utf-8", download=True)
    return TEXT


def _is_svg(start: bytes, path: str) -> bool:
    if start.startswith(b"<svg"):
        return True
    return (
        path.lower().endswith(".svg")
        and start.startswith((b"<?xml", b"<!--", b"<!doctype svg"))
        and b"<html" not in start
    )


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


_KINDS: Mapping[str, str] = {
    "image": "apng avif bmp gif heic heif ico jpeg jpg png svg tif tiff webp",
    "sound": "3gp aac flac m4a mp3 oga ogg opus wav",
    "film": "m4v mkv mov mp4 ogv webm",
    "document": "doc docx epub odp odt pdf ppt pptx rtf",
    "table": "csv ods tsv xls xlsx",
    "archive": "7z bz2 gz rar tar xz zip",
}
_KIND = {suffix: kind for kind, suffixes in _KINDS.items() for suffix in suffixes.split()}
_OPENED = frozenset(("apng", "avif", "gif", "jpeg", "jpg", "png", "webp"))


def suffix(path: str) -> str:
    """Return what a file's name says that it is, in small letters; empty where it says nothing."""
    stem, dot, end = path.rpartition("/")[2].rpartition(".")
    return end.lower() if dot and stem else ""


def kind(path: str) -> str:
    """Return what sort of file one is by its name, for lists, where the content is not looked at."""
    return _KIND.get(suffix(path), "file")


def may_have_preview(path: str) -> bool:
    """Say whether a file is, by its name, an image of which there can be a small picture."""
    return suffix(path) in _OPENED
