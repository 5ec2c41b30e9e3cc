// Keeps the preview in step with the text: what is beside the cursor is what the cursor is in.
import { ensureSyntaxTree } from "@codemirror/language";
import { EditorView } from "@codemirror/view";

const PATIENCE = 50; // milliseconds that finding the blocks may take
const SILENT = new Set(["FrontMatter", "LinkReference", "CommentBlock"]); // blocks that show nothing
const level = (name) => Number(/^(?:ATX|Setext)Heading(\d)$|^H(\d)$/.exec(name)?.slice(1).find(Boolean) ?? 0);

/** The blocks of a text, each with its place in it and its level where it is a heading. */
const written = (state) => {
  const blocks = [];
  for (let node = ensureSyntaxTree(state, state.doc.length, PATIENCE)?.topNode.firstChild; node; node = node.nextSibling) {
    if (!SILENT.has(node.name)) blocks.push({ at: node.from, level: level(node.name) });
  }
  return blocks;
};

/** The blocks of a preview, likewise. */
const drawn = (content) => [...content.children].map((element) => ({ element, level: level(element.nodeName) }));

/** Cut blocks into sections, each with the heading that begins it. */
const sections = (blocks) => {
  const found = [[]];
  for (const block of blocks) {
    if (block.level) found.push([]);
    found.at(-1).push(block);
  }
  return found;
};

/** Pair places in the text with elements: headings in their order, and the blocks between them as far as they go along. */
const pairs = (state, content) => {
  const ours = sections(written(state));
  const theirs = sections(drawn(content));
  return ours.flatMap((section, index) => {
    const shown = theirs[index] ?? [];
    return section.flatMap(({ at }, number) => {
      // Where there are more blocks on one side, each stands for several of the other.
      const one = shown[Math.floor((number * shown.length) / section.length)];
      return one ? [{ at, element: one.element }] : [];
    });
  });
};

export class Step {
  #pairs = null; // until the text or the preview is another one
  #waiting = 0;

  constructor(pane) {
    this.pane = pane;
    this.extension = [
      EditorView.updateListener.of((update) => {
        if (update.docChanged) this.#pairs = null;
        if (update.docChanged || update.selectionSet) this.#soon(update.view);
      }),
      EditorView.domEventHandlers({ scroll: (event, view) => this.#soon(view) }),
    ];
  }

  /** Something new is drawn. */
  follow(view) {
    this.#pairs = null;
    this.#soon(view);
  }

  #soon(view) {
    cancelAnimationFrame(this.#waiting);
    this.#waiting = requestAnimationFrame(() => this.#scroll(view));
  }

  #scroll(view) {
    const { pane } = this;
    const content = pane.querySelector(".content");
    if (pane.hidden || !content) return;
    this.#pairs ??= pairs(view.state, content);
    const { scrollTop, clientHeight } = view.scrollDOM;
    const top = (place) => view.lineBlockAt(Math.min(place, view.state.doc.length)).top + view.documentPadding.top;
    const below = (element) => element.getBoundingClientRect().top - pane.getBoundingClientRect().top + pane.scrollTop;

    // The cursor, or what is at the top where the text was scrolled away from it.
    const { head } = view.state.selection.main;
    const seen = top(head) >= scrollTop && top(head) < scrollTop + clientHeight;
    const at = seen ? head : view.lineBlockAtHeight(scrollTop - view.documentPadding.top).from;

    const index = this.#pairs.findLastIndex((pair) => pair.at <= at);
    const [here, next] = [this.#pairs[index], this.#pairs[index + 1]];
    const from = here ? { text: top(here.at), shown: below(here.element) } : { text: 0, shown: 0 };
    const to = next
      ? { text: top(next.at), shown: below(next.element) }
      : { text: view.contentHeight, shown: pane.scrollHeight };
    const part = to.text > from.text ? Math.min(1, (top(at) - from.text) / (to.text - from.text)) : 0;
    const beside = Math.min(Math.max(top(at) - scrollTop, 0), pane.clientHeight * 0.8);
    pane.scrollTop = from.shown + part * (to.shown - from.shown) - beside;
  }
}
