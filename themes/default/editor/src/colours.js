// Gives each word the class of what it is; css/editor.css colours the classes.
import { tagHighlighter, tags } from "@lezer/highlight";
import { kinds } from "./dialect.js";

export const colours = tagHighlighter([
  { tag: tags.heading, class: "md-heading" },
  { tag: tags.strong, class: "md-strong" },
  { tag: tags.emphasis, class: "md-emphasis" },
  { tag: tags.strikethrough, class: "md-struck" },
  { tag: tags.link, class: "md-link" },
  { tag: tags.url, class: "md-address" },
  { tag: tags.monospace, class: "md-code" },
  { tag: tags.quote, class: "md-quote" },
  { tag: [tags.processingInstruction, tags.contentSeparator, tags.labelName], class: "md-sign" },
  { tag: tags.atom, class: "md-task" },
  { tag: [tags.comment, tags.angleBracket], class: "md-comment" },
  { tag: tags.meta, class: "md-meta" },
  { tag: kinds.key, class: "md-key" },
  { tag: kinds.marked, class: "md-marked" },
  { tag: kinds.note, class: "md-note" },
  { tag: kinds.topic, class: "md-topic" },
]);
