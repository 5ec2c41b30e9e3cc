// Commands for tables: put one in, go from cell to cell, set its borders one under another.
import { EditorSelection } from "@codemirror/state";
import { within } from "./marks.js";
import { align, cells, emptyRow, isRule } from "./rows.js";

/** Return the lines of the table in which the cursor stands, `null` where it stands in none. */
const table = (state) => {
  const { head } = state.selection.main;
  const node = within(state, "Table", { from: head, to: head }) ?? within(state, "TableRow", { from: head, to: head })?.parent;
  if (!node) return null;
  const first = state.doc.lineAt(node.from).number;
  const count = state.doc.lineAt(node.to).number - first + 1;
  return Array.from({ length: count }, (_, index) => state.doc.line(first + index));
};

export const inTable = (state) => table(state) !== null;

const go = (view, { from, to }) => {
  view.dispatch({ selection: EditorSelection.range(from, to), scrollIntoView: true, userEvent: "select" });
  return true;
};

/** Go to another cell, *step* cells on; past the last one a row is added, before the first the key is let be. */
const move = (step) => (view) => {
  const lines = table(view.state);
  if (!lines) return false;
  const { head } = view.state.selection.main;
  const all = lines.filter(({ text }) => !isRule(text)).flatMap(({ text, from: start }) =>
    cells(text).map(({ from, to }) => ({ from: start + from, to: start + to })));
  const next = all[all.findLastIndex(({ from }) => from <= head) + step];
  if (next) return go(view, next);
  if (step < 0) return false;
  const last = lines.at(-1);
  const row = emptyRow(lines[0].text);
  view.dispatch({
    changes: { from: last.to, insert: `\n${row.text}` },
    selection: { anchor: last.to + 1 + row.cursor },
    scrollIntoView: true,
    userEvent: "input",
  });
  return true;
};

export const nextCell = move(1);
export const previousCell = move(-1);

/** Set the borders of the table one under another; the cursor stays in its cell. */
export const alignTable = (view) => {
  const lines = table(view.state);
  if (!lines) return false;
  const { head } = view.state.selection.main;
  const line = view.state.doc.lineAt(head);
  const column = Math.max(0, cells(line.text).findLastIndex(({ from }) => line.from + from <= head));
  const fresh = align(lines.map(({ text }) => text));
  const number = line.number - lines[0].number;
  const start = lines[0].from + fresh.slice(0, number).reduce((sum, { length }) => sum + length + 1, 0);
  view.dispatch({
    changes: { from: lines[0].from, to: lines.at(-1).to, insert: fresh.join("\n") },
    selection: { anchor: start + (cells(fresh[number])[column]?.from ?? 0) },
    userEvent: "input.format",
  });
  return true;
};

/** Put in a table with named columns, the first name selected. */
export const insertTable = (word) => (view) => {
  const { state } = view;
  if (inTable(state)) return alignTable(view);
  const { from } = state.selection.main;
  const line = state.doc.lineAt(from);
  const name = word("column");
  const text = align([`| ${name} 1 | ${name} 2 |`, "|---|---|", "| | |"]).join("\n");
  const before = line.text.trim() ? "\n\n" : "";
  const at = line.text.trim() ? line.to : line.from;
  const after = line.number < state.doc.lines && state.doc.line(line.number + 1).text.trim() ? "\n" : "";
  view.dispatch({
    changes: { from: at, to: line.to, insert: `${before}${text}\n${after}` },
    selection: EditorSelection.range(at + before.length + 2, at + before.length + 2 + `${name} 1`.length),
    userEvent: "input.insert",
    scrollIntoView: true,
  });
  return true;
};
