// Commands that change what lines are: headings, lists, tasks, quotes.

const INDENT = /^\s*/;
const LIST = /^\s*(?:(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s+)?)?/; // or what would stand before one
const HEADING = /^(#{1,6})\s+/;

/** What the selected lines are, where all that are not empty begin so. */
export const starts = (state, pattern) => {
  const chosen = selected(state).filter(({ text }) => text.trim());
  return chosen.length > 0 && chosen.every(({ text }) => pattern.test(text));
};

const selected = (state) => {
  const { from, to } = state.selection.main;
  const first = state.doc.lineAt(from).number;
  return Array.from({ length: state.doc.lineAt(to).number - first + 1 }, (_, index) => state.doc.line(first + index));
};

/** Give the selected lines another beginning; *begin* gets what each had and its number, and says what it has instead. */
const change = (state, dispatch, pattern, begin) => {
  const lines = selected(state);
  const chosen = lines.length === 1 ? lines : lines.filter(({ text }) => text.trim());
  const changes = chosen.map(({ from, text }, index) => {
    const [had = ""] = pattern.exec(text) ?? [];
    return { from, to: from + had.length, insert: begin(had, index) };
  });
  const set = state.changes(changes);
  dispatch(state.update({ changes: set, selection: state.selection.map(set, 1), userEvent: "input.format", scrollIntoView: true }));
  return true;
};

/** No heading, then one of the second level, of the third, of the fourth: the first is the page's title. */
export const heading = ({ state, dispatch }) => {
  const [now] = selected(state).map(({ text }) => HEADING.exec(text)?.[1].length ?? 0);
  const next = { 0: "## ", 2: "### ", 3: "#### " }[now] ?? "";
  return change(state, dispatch, HEADING, () => next);
};

const list = (pattern, mark) => ({ state, dispatch }) => {
  const off = starts(state, pattern);
  return change(state, dispatch, LIST, (had, index) => INDENT.exec(had)[0] + (off ? "" : mark(index)));
};

export const BULLET = /^\s*[-*+]\s+(?!\[[ xX]\]\s)/;
export const NUMBER = /^\s*\d+[.)]\s+/;
export const TASK = /^\s*(?:[-*+]|\d+[.)])\s+\[[ xX]\]\s+/;
export const QUOTE = /^\s*>\s?/;

export const bullets = list(BULLET, () => "- ");
export const numbers = list(NUMBER, (index) => `${index + 1}. `);
export const tasks = list(TASK, () => "- [ ] ");

export const quote = ({ state, dispatch }) => {
  const off = starts(state, QUOTE);
  return change(state, dispatch, off ? QUOTE : /^/, () => (off ? "" : "> "));
};
