// Commands that put something new into the text: links, code, notes.
import { startCompletion } from "@codemirror/autocomplete";
import { EditorSelection } from "@codemirror/state";
import { wrap } from "./marks.js";

const ADDRESS = /^(?:https?:\/\/|mailto:)\S+$/;

/** Replace the selection; *select* are two offsets into what is put there. */
const put = (view, insert, select) => {
  const { from, to } = view.state.selection.main;
  const selection = EditorSelection.range(from + select[0], from + select[1]);
  view.dispatch({ changes: { from, to, insert }, selection, userEvent: "input.insert", scrollIntoView: true });
  return true;
};
const chosen = ({ state }) => state.sliceDoc(state.selection.main.from, state.selection.main.to);

/** A Markdown link around the selection; the cursor stands where something is missing. */
export const link = (view) => {
  const text = chosen(view);
  if (ADDRESS.test(text)) return put(view, `[](${text})`, [1, 1]);
  return put(view, `[${text}]()`, text ? [text.length + 3, text.length + 3] : [1, 1]);
};

/** A link to a page, whose name is completed. */
export const wikilink = (view) => {
  const text = chosen(view);
  put(view, `[[${text}]]`, [text.length + 2, text.length + 2]);
  startCompletion(view);
  return true;
};

const inlineCode = wrap("`", "InlineCode");

/** Code within a line, or a block of it around several lines or on an empty one. */
export const code = (view) => {
  const { state } = view;
  const { from, to } = state.selection.main;
  const first = state.doc.lineAt(from);
  const last = state.doc.lineAt(to);
  if (first.number === last.number && first.length) return inlineCode(view);
  const text = state.sliceDoc(first.from, last.to);
  const fence = "`".repeat(Math.max(3, ...(text.match(/^`{3,}/gm) ?? []).map((run) => run.length + 1)));
  view.dispatch({
    changes: { from: first.from, to: last.to, insert: `${fence}\n${text}\n${fence}` },
    selection: text ? EditorSelection.cursor(first.from + fence.length) : EditorSelection.cursor(first.from + fence.length + 1),
    userEvent: "input.insert",
    scrollIntoView: true,
  });
  return true;
};

/** A note: its mark here, its words at the end of the page, where the cursor goes. */
export const note = (view) => {
  const { state } = view;
  const text = state.doc.toString();
  const used = new Set([...text.matchAll(/\[\^(\d+)\]/g)].map(([, number]) => Number(number)));
  let number = 1;
  while (used.has(number)) number += 1;
  const at = state.selection.main.to;
  const mark = `[^${number}]`;
  const lead = !text.trim() ? "\n\n" : /(?:^|\n)\[\^[^\]\n]+\]:[^\n]*\n*$/.test(text) ? "\n" : "\n\n";
  const end = text.trimEnd().length;
  const said = `${lead}${mark}: `;
  const changes = at > end
    ? [{ from: at, insert: mark + said }]
    : [{ from: at, insert: mark }, { from: end, to: text.length, insert: `${said}\n` }];
  const cursor = at > end ? at + mark.length + said.length : end + mark.length + said.length;
  view.dispatch({ changes, selection: { anchor: cursor }, userEvent: "input.insert", scrollIntoView: true });
  return true;
};
