"""Numbering notes in order of first use, and listing them under References."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from engine.markup.context import context_of
from engine.markup.parsed import Draft, Note, draft
from engine.markup.plain import plain
from engine.markup.rules.note import paragraph
from engine.markup.slug import Slugger, slug
from engine.markup.tags import open_tag

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
    """Add the rules."""
    md.core.ruler.push("notes", number)
    md.add_render_rule("note", render_use)
    md.add_render_rule("note_list", render_list)


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
            notepad.problem("unused-note", f"The note [^{definition.label}] is never used.", definition.line)
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
                message = f"The note [^{definition.label}] is defined twice; the first is used."
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
                self._notepad.problem("undefined-note", f"The note [^{label}] is used but not defined.", line)
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


def render_use(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Show the number, leading to the entry."""
    meta = tokens[index].meta
    note: Note = meta["note"]
    if "use" not in meta:  # within a link, where no other link can be
        return f'<sup class="note">{note.number})</sup>'
    attributes = {"href": f"#{_entry(note, env)}", "id": _back(note, meta["use"], env)}
    return f'<sup class="note">{open_tag("a", attributes)}{note.number})</a></sup>'


def render_list(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Show all notes of the page, under a heading of their own unless the author gave one."""
    meta = tokens[index].meta
    entries = _entries(self, meta["notes"], options, env)
    if meta["title"] is None:
        return entries
    context = context_of(env)
    identity = meta.get("anchor") if context is not None and not context.embedded else None
    return f'<section class="references">\n{open_tag("h2", {"id": identity})}{meta["title"]}</h2>\n{entries}</section>\n'


def render_used(self: RendererHTML, tokens: Iterable[Token], options: Any, env: Any) -> str:
    """Show the notes that a part of a page uses, with the numbers that they have on the page."""
    if not isinstance(tokens, list | tuple):
        tokens = list(tokens)
    if any(token.type == "note_list" for token in tokens):
        return ""
    notes: dict[int, Note] = {}
    todo = [tokens]
    while todo:
        for token in todo.pop():
            for child in (token.children or ()) if token.type == "inline" else ():
                note = child.meta.get("note") if child.type == "note" else None
                if note is not None and note.number not in notes:
                    notes[note.number] = note
                    todo.append(note.tokens)
    return _entries(self, [notes[key] for key in sorted(notes)], options, env) if notes else ""


def without_ids(tokens: Iterable[Token]) -> list[Token]:
    """Drop the ids of blocks, which are unique only on their own page."""
    return [
        replace(token, attrs={key: value for key, value in token.attrs.items() if key != "id"})
        if "id" in token.attrs
        else token
        for token in tokens
    ]


def _entries(self: RendererHTML, notes: Iterable[Note], options: Any, env: Any) -> str:
    written = []
    for note in notes:
        context = context_of(env)
        said = without_ids(note.tokens) if context and context.embedded else note.tokens
        body = self.render(said, options, env).rstrip()
        back = _back_links(note, env)
        body = f"{body[:-4]} {back}</p>" if body.endswith("</p>") else f"{body}\n{back}"
        written.append(f"{open_tag('li', {'id': _entry(note, env), 'value': str(note.number)})}{body}</li>\n")
    return f'<ol class="notes">\n{"".join(written)}</ol>\n'


def _back_links(note: Note, env: Any) -> str:
    def link(use: int, words: str) -> str:
        return f"{open_tag('a', {'href': '#' + _back(note, use, env)})}{words}</a>"

    if note.uses == 1:
        links = link(1, "↑")
    else:
        links = " ".join(["↑", *(link(use, _letters(use)) for use in range(1, note.uses + 1))])
    return f'<span class="back">{links}</span>'


def _letters(count: int) -> str:
    """Count a, b, … z, aa, ab, …"""
    letters = ""
    while count:
        count, rest = divmod(count - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def _prefix(env: Any) -> str:
    context = context_of(env)
    return context.prefix if context else ""


def _entry(note: Note, env: Any) -> str:
    return f"{_prefix(env)}note-{note.anchor}"


def _back(note: Note, use: int, env: Any) -> str:
    return f"{_prefix(env)}ref-{note.anchor}{'' if use == 1 else f'-{use}'}"
