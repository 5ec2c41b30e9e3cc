r"""How a file writes its lines: byte order mark, line ends, final line end. An edit keeps it.

Programs and browsers speak of lines that end in ``\n``; a file may end them in ``\r\n`` or ``\r``, or in one here and
in another there. Lines that an edit leaves alone keep their ends byte for byte; new ones get the end that is the most
common in the file.
"""

from collections import Counter

from engine.diff import diff_lines, lines

MARK = "\ufeff"


def plain(text: str) -> str:
    r"""Return *text* without byte order mark, and with lines that end in ``\n``."""
    return text.removeprefix(MARK).replace("\r\n", "\n").replace("\r", "\n")


def styled(text: str, before: str) -> str:
    r"""Return *text* in the style of the file that it is to replace.

    Args:
        text: Lines end in ``\n``.
        before: The file as it is, byte order mark and line ends included; empty for a new one.
    """
    mark = MARK if before.startswith(MARK) else ""
    old = lines(before.removeprefix(MARK))
    ends_open = bool(old) and not old[-1].endswith(("\n", "\r"))
    new = plain(text)
    if new and not new.endswith("\n"):
        new += "\n"
    made = _with_ends(new, old) if "\r" in before else new
    return mark + (_without_final_end(made) if ends_open else made)


def _with_ends(text: str, old: list[str]) -> str:
    ends = [line[len(line.rstrip("\r\n")) :] for line in old]
    usual = next((end for end, _ in Counter(filter(None, ends)).most_common(1)), "\n")
    before = [line.rstrip("\r\n") for line in old]
    after = text.split("\n")[:-1]
    found: list[str] = []
    at = 0
    for hunk in diff_lines(before, after).hunks:
        found += ends[at : hunk.old_start]
        found += [usual] * hunk.added
        at = hunk.old_end
    found += ends[at:]
    made: list[str] = []
    following = ""  # what stands behind the line
    for line, end in zip(reversed(after), reversed(found), strict=True):
        # "\r" and "\n" would be read as one line end.
        following = line + ("\n" if (end or usual) == "\r" and following == "\n" else end or usual)
        made.append(following)
    return "".join(reversed(made))


def _without_final_end(text: str) -> str:
    for end in ("\r\n", "\n", "\r"):
        if text.endswith(end):
            return text.removesuffix(end)
    return text
