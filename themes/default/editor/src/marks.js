// Commands that put words between marks, or take the marks away: bold, italic, code.
import { syntaxTree } from "@codemirror/language";
import { EditorSelection } from "@codemirror/state";

/** Return the innermost node of that name around a selection, `null` where there is none. */
export const within = (state, name, { from, to } = state.selection.main) => {
  for (let node = syntaxTree(state).resolveInner(from, from === to ? -1 : 1); node; node = node.parent) {
    if (node.name === name && node.to >= to) return node;
  }
  return null;
};

/** Return a command for the marks *sign*, which the parser calls *name*. */
export const wrap = (sign, name) => ({ state, dispatch }) => {
  const change = state.changeByRange((range) => {
    const around = within(state, name, range);
    if (around) {
      const { firstChild, lastChild } = around;
      return {
        changes: [{ from: firstChild.from, to: firstChild.to }, { from: lastChild.from, to: lastChild.to }],
        range: EditorSelection.range(shifted(range.anchor, firstChild, lastChild), shifted(range.head, firstChild, lastChild)),
      };
    }
    let { from, to } = range.empty ? state.wordAt(range.head) ?? range : range;
    const text = state.sliceDoc(from, to);
    from += text.length - text.trimStart().length; // spaces at the edge would be no marks
    to = Math.max(from, to - (text.length - text.trimEnd().length));
    const { length } = sign;
    return {
      changes: [{ from, insert: sign }, { from: to, insert: sign }],
      range: range.empty ? EditorSelection.cursor(range.head + length) : EditorSelection.range(from + length, to + length),
    };
  });
  dispatch(state.update(change, { userEvent: "input.format", scrollIntoView: true }));
  return true;
};

/** Where a place in the text is, when both marks are gone. */
const shifted = (at, first, last) => {
  const before = (mark) => Math.min(Math.max(at - mark.from, 0), mark.to - mark.from);
  return at - before(first) - before(last);
};
