// The tools of the toolbar: what each is called, its keys, and what it does. Icons and texts go by the name.
import { redo, redoDepth, undo, undoDepth } from "@codemirror/commands";
import { BULLET, bullets, heading, NUMBER, numbers, QUOTE, quote, starts, TASK, tasks } from "./blocks.js";
import { code, link, note, wikilink } from "./inserts.js";
import { within, wrap } from "./marks.js";
import { alignTable, insertTable, inTable } from "./tables.js";

const pressed = (name) => (state) => within(state, name) !== null;
const lines = (pattern) => (state) => starts(state, pattern);

/** Return the tools in their groups; `pressed` says whether one holds where the cursor is, `usable` whether it can be used. */
export const tools = (word, uploads, preview) => [
  [
    { name: "bold", key: "Mod-b", run: wrap("**", "StrongEmphasis"), pressed: pressed("StrongEmphasis") },
    { name: "italic", key: "Mod-i", run: wrap("*", "Emphasis"), pressed: pressed("Emphasis") },
    { name: "code", key: "Mod-e", run: code, pressed: pressed("InlineCode") },
  ],
  [
    { name: "wikilink", key: "Mod-Shift-k", run: wikilink },
    { name: "link", key: "Mod-k", run: link },
    { name: "note", key: "Mod-Shift-f", run: note },
    ...(uploads ? [{ name: "file", run: (view) => uploads.pick(view) }] : []),
  ],
  [
    { name: "heading", key: "Mod-Shift-h", run: heading, pressed: lines(/^#{1,6}\s/) },
    { name: "bullets", key: "Mod-Shift-8", run: bullets, pressed: lines(BULLET) },
    { name: "numbers", key: "Mod-Shift-7", run: numbers, pressed: lines(NUMBER) },
    { name: "tasks", key: "Mod-Shift-9", run: tasks, pressed: lines(TASK) },
    { name: "quote", key: "Mod-Shift-.", run: quote, pressed: lines(QUOTE) },
  ],
  [
    { name: "table", run: insertTable(word), usable: (state) => !inTable(state) },
    { name: "align", key: "Mod-Shift-a", run: alignTable, usable: inTable },
  ],
  [
    { name: "undo", key: "Mod-z", run: undo, usable: (state) => undoDepth(state) > 0 },
    { name: "redo", key: "Mod-Shift-z", run: redo, usable: (state) => redoDepth(state) > 0 },
  ],
  ...(preview ? [[{ name: "preview", shown: true, run: (view) => preview.toggle() && view.dom.closest(".editor-box").scrollIntoView({ block: "nearest" }), pressed: () => preview.open }]] : []),
];
