// Gives lines a class where their block looks otherwise, and the spaces before nested lists the width that they count.
import { syntaxTree } from "@codemirror/language";
import { Decoration, ViewPlugin } from "@codemirror/view";

const CLASSES = {
  ATXHeading1: "md-line-1", SetextHeading1: "md-line-1",
  ATXHeading2: "md-line-2", SetextHeading2: "md-line-2",
  ATXHeading3: "md-line-3",
  FencedCode: "md-line-code", CodeBlock: "md-line-code",
  FrontMatter: "md-line-front",
  Table: "md-line-table",
};
const decorations = Object.fromEntries(Object.values(CLASSES).map((name) => [name, Decoration.line({ class: name })]));
const indent = Decoration.mark({ class: "md-indent" });

const decorate = ({ state, visibleRanges }) => {
  const found = [];
  for (const { from, to } of visibleRanges) {
    syntaxTree(state).iterate({
      from,
      to,
      enter(node) {
        const name = CLASSES[node.name];
        if (!name) return;
        for (let at = Math.max(node.from, from); at <= Math.min(node.to, to);) {
          const line = state.doc.lineAt(at);
          found.push(decorations[name].range(line.from));
          at = line.to + 1;
        }
      },
    });
    for (let at = from; at <= to;) {
      const line = state.doc.lineAt(at);
      const [spaces] = /^\s*/.exec(line.text);
      if (spaces && spaces.length < line.length) found.push(indent.range(line.from, line.from + spaces.length));
      at = line.to + 1;
    }
  }
  return Decoration.set(found, true);
};

export const lines = ViewPlugin.fromClass(class {
  constructor(view) {
    this.decorations = decorate(view);
  }

  update(update) {
    const parsed = syntaxTree(update.startState) !== syntaxTree(update.state);
    if (update.docChanged || update.viewportChanged || parsed) this.decorations = decorate(update.view);
  }
}, { decorations: (plugin) => plugin.decorations });
