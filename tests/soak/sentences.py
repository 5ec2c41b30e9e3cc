"""Pages whose every sentence can be told from every other, so that it is seen which are there, whole, and which are gone.

A sentence begins with a token that is used once in the world, and the token decides how it goes on. Values in the front
matter are tokens, too. A page is told by the mark that is its heading, wherever it has been moved to.
"""

import re
from collections.abc import Callable
from random import Random

TOKEN = re.compile(r"T[0-9a-z]+[ZF]")
MARK = re.compile(r"^# (P[0-9a-z]+Q)$", re.MULTILINE)
SENTENCE = re.compile(r"T[0-9a-z]+Z [a-z ]+\.")
WORDS = "quire leaf fold bind sheet page ink press letter word thread board spine plate type".split()
CROWDED = 40  # tokens on one page, from which on more is taken away than added
FIRST = re.compile(
    r"(?:---\n.*?\n---\n+)?[^\n]*(?:\n[^\n]+)*", re.DOTALL
)  # what every version of a page begins with
STATUS = "status"  # the key of the front matter that everybody changes

NewToken = Callable[[str], str]
"""From the kind of token (``Z`` for a sentence, ``F`` for the front matter) to one that was never used."""


def sentence(token: str) -> str:
    """Return the sentence of a token; it says nothing else, ever."""
    return f"{token} {' '.join(Random(token).choices(WORDS, k=4))}."


def tokens(text: str) -> list[str]:
    return TOKEN.findall(text)


def mark(text: str) -> str:
    """Return the mark of a page, which is its heading; empty where it has none, as one that leads on to another."""
    found = MARK.search(text)
    return found[1] if found else ""


def problems(text: str) -> list[str]:
    """Say what is torn in a page, or left by a merge."""
    found = tokens(text)
    torn = [token for token in found if token.endswith("Z") and sentence(token) not in text]
    markers = re.findall(r"^(?:<{7}|={7}|>{7}).*", text, re.MULTILINE)
    return [
        *(f"the sentence of {token} is torn" for token in torn),
        *(f"the marker {marker!r} was published" for marker in markers),
    ]


def new_page(page: str, new: NewToken, dice: Random, link: str = "") -> str:
    """Write a page with the mark *page*, and maybe a *link*."""
    front = f"---\n{STATUS}: {new('F')}\ntags: [soak]\n---\n" if dice.random() < 0.5 else ""
    paragraphs = [
        " ".join(sentence(new("Z")) for _ in range(dice.randint(1, 3))) for _ in range(dice.randint(1, 4))
    ]
    return f"{front}# {page}\n\n" + "\n\n".join(paragraphs) + f"{link}\n"


def added(page: str, new: NewToken, dice: Random) -> str:
    """Write lines to append to a page."""
    start = "\n" if dice.random() < 0.6 else ""
    return f"{start}{sentence(new('Z'))} For {page}.\n"


def edited(text: str, who: str, new: NewToken, dice: Random, *, own: bool, link: str = "") -> str:
    """Change a page somewhere below its first lines, or in its front matter.

    Args:
        text: The page.
        who: How tokens of this author begin.
        own: Change what this author wrote, or add to it.
        link: Stands behind what is added, if that is a paragraph.
    """
    found = FIRST.match(text)
    first = found[0].removesuffix("\n") if found else ""
    blocks = text[len(first) :].removesuffix("\n").split("\n\n")[1:]
    if dice.random() < 0.15 and first.startswith("---\n"):
        return "\n\n".join([_front_edited(first, who, new, own=own), *blocks]) + "\n"
    if len(tokens(text)) > CROWDED and not own:
        for _ in range(dice.randint(2, 4)):
            if blocks:
                blocks.pop(dice.randrange(len(blocks)))
        blocks.append(sentence(new("Z")))
        return "\n\n".join([first, *blocks]) + "\n"
    _edit_block(blocks, who, new, dice, own=own, link=link)
    return "\n\n".join([first, *blocks]) + "\n"


def _edit_block(blocks: list[str], who: str, new: NewToken, dice: Random, *, own: bool, link: str) -> None:
    places = [
        (number, found)
        for number, block in enumerate(blocks)
        for found in SENTENCE.finditer(block)
        if not own or found[0].startswith(who)
    ]
    way = dice.random()
    if not places or way < 0.25:
        blocks.insert(dice.randint(0, len(blocks)), sentence(new("Z")) + link)
        return
    number, found = dice.choice(places)
    block = blocks[number]
    if way < 0.65:
        blocks[number] = block[: found.start()] + sentence(new("Z")) + block[found.end() :]
    elif way < 0.8:
        blocks[number] = f"{block[: found.end()]} {sentence(new('Z'))}{block[found.end() :]}"
    else:
        rest = re.sub(r"(?m)^[ \n]+|[ \n]+$", "", block[: found.start()] + block[found.end() :])
        blocks[number : number + 1] = [rest] if TOKEN.search(rest) else []


def _front_edited(first: str, who: str, new: NewToken, *, own: bool) -> str:
    key = f"by-{who.lower()}" if own else STATUS
    line = f"{key}: {new('F')}"
    changed, count = re.subn(rf"(?m)^{key}: .*$", line, first)
    return changed if count else first.replace("\n---\n", f"\n{line}\n---\n", 1)
