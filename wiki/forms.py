"""Form fields -> typed values, at the border."""

from io import BytesIO
from typing import IO, Any

from flask import request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from engine.ids import MAX_PATH_BYTES
from engine.textstyle import plain
from wiki.languages import gettext

LINE_CHARACTERS = 500  # of a field of one line
SECRET_CHARACTERS = 10_000  # of a password that are read; more are refused as too long
ENCODED = 4  # times that a form may be larger in an encoding that takes three signs for most


class FormParser(FormDataParser):
    """Reads forms; one without files is bounded like one with them: in its size, and in how many fields it has."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Any:
        """Read a form; 413 where it is too large to be one."""
        if mimetype == "application/x-www-form-urlencoded":
            size, parts = self.max_form_memory_size, self.max_form_parts
            if size is not None and (content_length or 0) > ENCODED * size:
                raise RequestEntityTooLarge
            content = stream.read()
            if parts is not None and content.count(b"&") >= parts:
                raise RequestEntityTooLarge
            read = super().parse(BytesIO(content), mimetype, content_length, options)
            if size is not None and any(len(value) > size for _, value in read[1].items(multi=True)):
                raise RequestEntityTooLarge
            return read
        return super().parse(stream, mimetype, content_length, options)


def field(name: str, default: str = "", limit: int = LINE_CHARACTERS) -> str:
    """Return a field of one line, each run of spaces and line ends in it as one space.

    400 where it stands there twice, as then nobody knows which one is meant.
    """
    return one_line(_only(name, default).replace("\0", ""))[:limit].rstrip()


def whole_field(name: str) -> str:
    """Return a field of one line, however long it is."""
    return one_line(_only(name, "").replace("\0", ""))


def one_line(text: str) -> str:
    """Return a text on one line, each run of spaces and line ends as one space."""
    return " ".join(text.split())


def exact_field(name: str) -> str:
    """Return a field that a form gives back as it was shown, whole and with all its spaces."""
    return _only(name, "").replace("\0", "")


def path_field(name: str, more: int = 0) -> str:
    """Return a field that names a file or a folder, whole, as a part of its path would be another one; 400 beyond any.

    Args:
        name: Of the field.
        more: Bytes that may stand beside the path.
    """
    text = _only(name, "").replace("\0", "").strip()
    if len(text.encode("utf-8", "replace")) > MAX_PATH_BYTES + more:
        raise BadRequest(gettext("%(name)s is longer than any path.", name=name))
    return text


def text_field(name: str) -> str:
    r"""Return a field of many lines; they end in ``\n``, whatever the browser sent."""
    return plain(_only(name, "")).replace("\0", "\ufffd")


def secret_field(name: str) -> str:
    """Return a password as it was typed, spaces and all."""
    return _only(name, "")[:SECRET_CHARACTERS]


def lines_field(name: str) -> tuple[str, ...]:
    """Return the lines of a field that say something."""
    lines = _only(name, "").replace("\0", "")[:SECRET_CHARACTERS].splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def number_field(name: str) -> int | None:
    """Return a whole number, ``None`` where the field is empty; 400 where it is something else."""
    text = field(name)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise BadRequest(gettext("%(name)s must be a whole number.", name=name))
    return int(text)


def one_field(name: str, choices: tuple[str, ...]) -> str:
    """Return one of some words; 400 with all of them for another."""
    text = field(name)
    if text not in choices:
        raise BadRequest(
            gettext("%(name)s must be one of: %(choices)s.", name=name, choices=", ".join(choices))
        )
    return text


def _only(name: str, default: str) -> str:
    values = request.form.getlist(name)
    if len(values) > 1:
        raise BadRequest(gettext("The field %(name)s was sent twice.", name=name))
    return values[0] if values else default
