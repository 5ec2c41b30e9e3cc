"""Showing notes: their numbers in the text, and their list under References."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from engine.markup.context import context_of
from engine.markup.parsed import Note
from engine.markup.tags import open_tag


def use(md: MarkdownIt) -> None:
    """Add the way notes are shown."""
    md.add_render_rule("note", render_use)
    md.add_render_rule("note_list", render_list)


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
