"""The bytes of a commit, read: who, when and why.

Source:
    The format of a commit object, as ``git cat-file commit`` prints it: headers, an empty line, the message.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from engine.model import Author, CommitText

_PERSON = re.compile(rb"(?P<name>[^<]*)<(?P<email>[^>]*)>(?:\s+(?P<time>-?[0-9]+))?")
_ENCODINGS = re.compile(
    r"(?:iso-?8859|iso-2022|latin|windows-|cp\d|utf-?8|utf-?16|us-ascii|ascii|gb|big5|euc|koi8|shift|sjis)[\w.-]*",
    re.IGNORECASE,
)
"""Those that people write in; among the others that Python knows are some that take long to read."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def parse(raw: bytes) -> CommitText:
    """Read a commit; what is odd about it is left empty, never a failure."""
    head, _, message = raw.partition(b"\n\n")
    headers: dict[str, bytes] = {}
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        if name:  # what begins with a space goes on with the line before, as a signature does
            headers.setdefault(name.decode("latin-1"), value)
    encoding = headers.get("encoding", b"").decode("latin-1").strip()
    author, time = _person(headers, "author", encoding)
    committer, committed = _person(headers, "committer", encoding)
    return CommitText(author, time, committer, committed, _text(message, encoding).replace("\r\n", "\n"))


def _person(headers: Mapping[str, bytes], name: str, encoding: str) -> tuple[Author, datetime]:
    found = _PERSON.match(headers.get(name, b""))
    if found is None:
        return Author("", ""), _EPOCH
    author = Author(_text(found["name"], encoding).strip(), _text(found["email"], encoding).strip())
    return author, _time(int(found["time"][:20] if found["time"] else 0))


def _time(seconds: int) -> datetime:
    try:
        return max(_EPOCH + timedelta(seconds=seconds), _EPOCH)
    except OverflowError:
        return _LAST if seconds > 0 else _EPOCH


def _text(raw: bytes, encoding: str) -> str:
    if _ENCODINGS.fullmatch(encoding):
        try:
            return raw.decode(encoding)
        except (LookupError, UnicodeError, ValueError):
            pass  # a name that nobody knows, or what is not so: as without one
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
