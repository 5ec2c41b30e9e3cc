// Puts CodeMirror in place of the field for the text, and together what makes it an editor for pages.
import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { commonmarkLanguage, markdown } from "@codemirror/lang-markdown";
import { syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { GFM } from "@lezer/markdown";
import { word } from "../../static/js/editing/words.js";
import { colours } from "./colours.js";
import { dialect } from "./dialect.js";
import { leave, unlessLeaving } from "./leave.js";
import { lines } from "./lines.js";
import { completeLinks } from "./links.js";
import "./sheets.js";
import { within } from "./marks.js";
import { nextCell, previousCell } from "./tables.js";

const inList = (command) => (view) => (within(view.state, "ListItem") ? command(view) : false);

/** @param extensions What belongs to the page. @param tools Of the toolbar, for their keys. */
export const openView = (edit, tools, extensions) => {
  const { area } = edit;
  const label = area.labels[0]?.textContent.trim() || area.getAttribute("aria-label") || word("text");
  const save = () => {
    edit.save();
    return true;
  };
  const keys = tools.flat().filter(({ key }) => key).map(({ key, run, usable }) => ({
    key,
    run: (view) => (usable && !usable(view.state) ? true : run(view)),
    preventDefault: true,
  }));
  return new EditorView({
    state: EditorState.create({
      doc: area.value,
      selection: { anchor: Math.min(area.selectionStart, area.value.length) },
      extensions: [
        Prec.high(keymap.of([
          { key: "Mod-s", run: save, preventDefault: true },
          { key: "Mod-Enter", run: save },
          ...keys,
          { key: "Tab", run: unlessLeaving(nextCell), shift: unlessLeaving(previousCell) },
          { key: "Tab", run: unlessLeaving(inList(indentMore)), shift: unlessLeaving(inList(indentLess)) },
        ])),
        leave,
        history(),
        markdown({ base: commonmarkLanguage, extensions: [GFM, dialect], completeHTMLTags: false }),
        syntaxHighlighting(colours),
        lines,
        autocompletion({ override: [completeLinks(edit)], icons: false }),
        keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
        EditorState.phrases.of({ Completions: word("completions") }),
        EditorView.lineWrapping,
        EditorView.perLineTextDirection.of(true),
        EditorView.contentAttributes.of({
          tabindex: "0", // by itself it is focusable, which not every checker knows
          "aria-label": label,
          "aria-describedby": ["quire:editor-help", area.getAttribute("aria-describedby")].filter(Boolean).join(" "),
          ...(area.lang && { lang: area.lang }),
          spellcheck: "true",
          autocorrect: "on",
          autocapitalize: "sentences",
          writingsuggestions: "true",
        }),
        extensions,
      ],
    }),
  });
};
