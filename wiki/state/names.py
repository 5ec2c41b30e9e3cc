"""What people and programs may be called, so that none can be taken for another.

Two names are compared by how they look: without regard to case and width, with one sign for all that part words, and with
letters that look like Latin ones taken for these.
"""

import re
import unicodedata

from engine.ids import BIDI_CONTROLS
from engine.messages import Message
from wiki.state.errors import RefusedError

LOGIN_CHARACTERS = 40
NAME_CHARACTERS = 80
EMAIL_CHARACTERS = 254  # RFC 5321, section 4.5.3.1.3, less the brackets
RESERVED = frozenset({"anonymous", "everybody", "local", "nobody", "quire", "system", "visitor"})
"""Keys of names that stand for something else."""

# Small letters of Cyrillic, Greek and Armenian, and digits, that look like Latin letters.
# Source: the table confusables.txt of Unicode Technical Standard 39, those that stand in running text.
_ALIKE = str.maketrans("аеорсхуіјѕԁԛԝһӏгкαονρυικτγχօսոհց01", "aeopcxyijsdqwhlrkaovpuiktyxounhgol")
_LETTERS = frozenset({"L", "M", "N"})
# What is written together in one word: scripts by the first word of their characters' names.
_TOGETHER = frozenset(
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"}
)
_EMAIL = re.compile(r"[^\s@<>\"',;:\\()\[\]]+@[^\s@<>\"',;:\\()\[\]]+")


def key(name: str) -> str:
    """Return a login as it is looked up."""
    return unicodedata.normalize(
        "NFKC", unicodedata.normalize("NFKC", name[: 4 * NAME_CHARACTERS]).casefold()
    )


def look(name: str) -> str:
    """Return how a name looks; two names of which this is the same could be taken for each other."""
    return re.sub(r"[\s._-]+", "-", key(name).translate(_ALIKE)).strip("-")


def parse_login(text: str) -> str:
    """Return the login that somebody chose.

    Raises:
        RefusedError: It cannot be one; the message says why.
    """
    login = unicodedata.normalize("NFKC", text.strip())
    if not login:
        raise RefusedError(Message("A login name is needed."))
    if len(login) > LOGIN_CHARACTERS:
        raise RefusedError(
            Message.counting(
                "A login name has at most %(num)s character.",
                "A login name has at most %(num)s characters.",
                LOGIN_CHARACTERS,
            )
        )
    for sign in login:
        if unicodedata.category(sign)[0] not in _LETTERS and sign not in "._-":
            raise RefusedError(
                Message(
                    "A login name has letters, digits and . _ - only; “%(sign)s” is none of them.",
                    sign=_shown(sign),
                )
            )
    if unicodedata.category(login[0])[0] not in {"L", "N"} or login[-1] in ".-":
        raise RefusedError(
            Message("A login name begins with a letter or a digit, and does not end in a dot or a hyphen.")
        )
    if len(_scripts(login)) > 1:
        raise RefusedError(
            Message("A login name keeps to one script: letters of several could be taken for others.")
        )
    if key(login) in RESERVED or look(login) in RESERVED or not look(login):
        raise RefusedError(Message("“%(name)s” stands for something else; choose another name.", name=login))
    return login


def parse_name(text: str) -> str:
    """Return the name that somebody gave for commits; it may be empty.

    Raises:
        RefusedError: It cannot be one; the message says why.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > NAME_CHARACTERS:
        raise RefusedError(
            Message.counting(
                "A name has at most %(num)s character.",
                "A name has at most %(num)s characters.",
                NAME_CHARACTERS,
            )
        )
    for sign in name:
        if (
            unicodedata.category(sign) in {"Cc", "Cs", "Cf", "Zl", "Zp"} and sign != "\u200c"
        ) or sign in BIDI_CONTROLS:
            raise RefusedError(Message("A name holds no signs that nobody sees."))
        if sign in "<>":
            raise RefusedError(Message("A name holds neither < nor >: these end it in a commit."))
    if name and (look(name) in RESERVED or not look(name)):
        raise RefusedError(Message("“%(name)s” stands for something else; choose another name.", name=name))
    return name


def parse_email(text: str) -> str:
    """Return the e-mail address that somebody gave; it may be empty.

    Raises:
        RefusedError: It cannot be one.
    """
    email = text.strip()
    if email and (len(email) > EMAIL_CHARACTERS or not _EMAIL.fullmatch(email) or not email.isprintable()):
        raise RefusedError(Message("That is no e-mail address; leave it empty where there is none."))
    return email


def _scripts(login: str) -> set[str]:
    """Return the scripts of the letters of a login; those that are written together count as one."""
    found = set()
    for sign in login:
        if unicodedata.category(sign)[0] == "L":
            script = unicodedata.name(sign, "?").partition(" ")[0]
            found.add("LATIN" if script in _TOGETHER else script)
    return found


def _shown(sign: str) -> str:
    return sign if sign.isprintable() else f"U+{ord(sign):04X}"
