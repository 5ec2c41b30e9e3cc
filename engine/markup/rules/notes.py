"""Numbering notes in order of first use, and finding the place for their list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from engine.markup.parsed import Draft, Note, draft
from engine.markup.plain import plain
from engine.markup.rules.note import paragraph
from engine.markup.slug import Slugger, slug
from engine.messages import Message

TITLES: Mapping[str, str] = {
    "ar": "المراجع",
    "cs": "Reference",
    "da": "Referencer",
    "de": "Einzelnachweise",
    "en": "References",
    "es": "Referencias",
    "fa": "منابع",
    "fi": "Lähteet",
    "fr": "Références",
    "he": "הערות שוליים",
    "hi": "सन्दर्भ",
    "id": "Referensi",
    "it": "Riferimenti",
    "ja": "参考文献",
    "ko": "참고 문헌",
    "nl": "Referenties",
    "no": "Referanser",
    "pl": "Przypisy",
    "pt": "Referências",
    "ru": "Примечания",
    "sv": "Referenser",
    "tr": "Kaynakça",
    "uk": "Примітки",
    "vi": "Tham khảo",
    "zh": "参考文献",
}
"""What the list of notes is called, by language."""

_KNOWN = {title.casefold() for title in TITLES.values()} | {
    "footnotes", "notes", "sources", "quellen", "quellenangaben", "fußnoten", "notes et références", "notas", "note",
    "參考文獻", "参考资料", "參考資料", "脚注", "出典", "注释", "註釋", "各注", "источники", "ссылки", "مراجع",
}  # fmt: skip


@dataclass(slots=True)
class _Definition:
    label: str
    tokens: list[Token]
    line: int


def use(md: MarkdownIt) -> None:
    """Add the rule."""
    md.core.ruler.push("notes", number)


def number(state: StateCore) -> None:
    """Take the definitions out of the text, number the notes it uses, and make a place for their list."""
    if "[^" not in state.src and "^[" not in state.src:
        return
    notepad = draft(state.env)
    state.tokens, definitions = _definitions(state.tokens, notepad)
    used = _Numbering(definitions, notepad)
    used.walk(state.tokens)
    for note in used.notes:  # grows while notes use further notes; each is read once
        used.walk(note.tokens)
    for key, definition in definitions.items():
        if key not in used.by_key:
            notepad.problem(
                "unused-note",
                Message("The note [^%(label)s] is never used.", label=definition.label),
                definition.line,
            )
    notepad.notes = used.notes
    if used.notes:
        _place(state.tokens, notepad)


def key_of(label: str) -> str:
    """Reduce a label to what tells it from others: case does not matter."""
    return label.casefold()


def _definitions(tokens: Sequence[Token], notepad: Draft) -> tuple[list[Token], dict[str, _Definition]]:
    """Split tokens into the text and the definitions, which may stand anywhere, also within each other."""
    body: list[Token] = []
    stack = [body]
    opened: list[_Definition] = []
    found: dict[str, _Definition] = {}
    for token in tokens:
        if token.type == "note_open":
            definition = _Definition(token.meta["label"], [], token.map[0] if token.map else 0)
            opened.append(definition)
            stack.append(definition.tokens)
        elif token.type == "note_close":
            stack.pop()
            definition = opened.pop()
            if found.setdefault(key_of(definition.label), definition) is not definition:
                message = Message(
                    "The note [^%(label)s] is defined twice; the first is used.", label=definition.label
                )
                notepad.problem("duplicate-note", message, definition.line)
        else:
            stack[-1].append(token)
    return body, found


class _Numbering:
    """Gives each note its number when it is first met."""

    def __init__(self, definitions: Mapping[str, _Definition], notepad: Draft) -> None:
        self.notes: list[Note] = []
        self.by_key: dict[str, Note] = {}
        self._definitions = definitions
        self._notepad = notepad
        self._anchors = Slugger()

    def walk(self, tokens: Iterable[Token]) -> None:
        """Number the notes that *tokens* use."""
        for token in tokens:
            if token.type != "inline":
                continue
            line = token.map[0] if token.map else 0
            for child in token.children or ():
                if child.type in {"softbreak", "hardbreak"}:
                    line += 1
                elif child.type == "note":
                    self._use(child, line)

    def _use(self, token: Token, line: int) -> None:
        label: str = token.meta["label"]
        inline = "inline" in token.meta
        key = f"^{label}" if inline else key_of(label)
        note = self.by_key.get(key)
        if note is None:
            content = self._content(label, inline=inline)
            if content is None:
                token.type, token.tag, token.content = "text", "", f"[^{label}]"
                self._notepad.problem(
                    "undefined-note",
                    Message("The note [^%(label)s] is used but not defined.", label=label),
                    line,
                )
                return
            anchor = self._anchors.unique(label if inline else slug(label))
            note = self.by_key[key] = Note(label, anchor, len(self.notes) + 1, content)
            self.notes.append(note)
        token.meta["note"] = note
        if not token.meta["link"]:
            note.uses += 1
            token.meta["use"] = note.uses

    def _content(self, label: str, *, inline: bool) -> Sequence[Token] | None:
        if inline:
            return paragraph(self._notepad.inline_notes[label])
        definition = self._definitions.get(key_of(label))
        return definition.tokens if definition else None


def _place(tokens: list[Token], notepad: Draft) -> None:
    """Put the list into the section that its author left empty for it, else at the end."""
    place = Token("note_list", "", 0)
    place.block = True
    place.meta = {"notes": notepad.notes, "title": None}
    for position, token in enumerate(tokens):
        if token.type != "heading_close" or token.level:
            continue
        at_end = position + 1 == len(tokens) or tokens[position + 1].type == "heading_open"
        if at_end and plain(tokens[position - 1].children).strip().rstrip(":").casefold() in _KNOWN:
            tokens.insert(position + 1, place)
            return
    language = notepad.lang.partition("-")[0].lower()
    place.meta["title"] = TITLES.get(language, TITLES["en"])
    tokens.append(place)
