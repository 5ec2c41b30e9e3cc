// What the wiki's Markdown has beyond GitHub's, for Lezer's parser; docs/syntax.md describes it.
import { Tag, tags } from "@lezer/highlight";

/** Kinds of words that no other language has. */
export const kinds = { key: Tag.define("key"), marked: Tag.define("marked"), note: Tag.define("note"), topic: Tag.define("topic") };

const REACH = 500; // characters that an inline construct may be long

/** An inline construct that a regular expression finds; the numbers say how many characters of it are marks, at each end. */
const inline = (node, first, pattern, [open, close] = [0, 0], follows = /^/) => ({
  name: `${node} ${first}`,
  before: "Escape",
  parse(context, next, at) {
    if (next !== first.charCodeAt(0) || !follows.test(context.slice(Math.max(at - 1, context.offset), at))) return -1;
    const found = pattern.exec(context.slice(at, Math.min(context.end, at + REACH)));
    if (!found) return -1;
    const end = at + found[0].length;
    const signs = open ? [context.elt("Sign", at, at + open), context.elt("Sign", end - close, end)] : [];
    return context.addElement(context.elt(node, at, end, signs));
  },
});

/** `==marked==`, within which the other constructs hold. */
const marks = { resolve: "Marked", mark: "Sign" };
const marked = {
  name: "Marked",
  after: "Emphasis",
  parse(context, next, at) {
    if (next !== 61 || context.char(at + 1) !== 61 || context.char(at + 2) === 61) return -1;
    const beside = (from) => /\S/.test(context.slice(Math.max(from, context.offset), Math.min(from + 1, context.end)));
    return context.addDelimiter(marks, at, at + 2, beside(at + 2), at > context.offset && beside(at - 1));
  },
};

/** Properties between a line `---` at the very start and the next: as long as the lines look like YAML. */
const YAML = /^(?:\s.*|#.*|-\s.*|["'\p{L}\p{N}_][^:]*:(?:\s.*)?|)$/u;
const frontMatter = {
  name: "FrontMatter",
  before: "HorizontalRule",
  parse(context, line) {
    if (context.lineStart !== 0 || !/^---\s*$/.test(line.text) || !/\S/.test(context.peekLine()) || !YAML.test(context.peekLine())) return false;
    const parts = [context.elt("Sign", 0, 3)];
    let end = 3;
    while (context.nextLine()) {
      const { lineStart: from } = context;
      const closes = /^(?:---|\.\.\.)\s*$/.test(line.text);
      if (!closes && !YAML.test(line.text)) break;
      end = from + line.text.length;
      const [key] = /^[^\s#:-][^:]*(?=:)/.exec(line.text) ?? [];
      if (closes) parts.push(context.elt("Sign", from, end));
      else if (key) parts.push(context.elt("Key", from, from + key.length));
      else if (/^\s*#/.test(line.text)) parts.push(context.elt("YamlComment", from, end));
      if (closes) {
        context.nextLine();
        break;
      }
    }
    context.addElement(context.elt("FrontMatter", 0, end, parts));
    return true;
  },
};

export const dialect = {
  defineNodes: [
    { name: "FrontMatter", block: true, style: tags.meta },
    { name: "Key", style: kinds.key },
    { name: "YamlComment", style: tags.comment },
    { name: "Wikilink", style: tags.link },
    { name: "Note", style: kinds.note },
    { name: "Hidden", style: tags.comment },
    { name: "Topic", style: kinds.topic },
    { name: "Formula", style: tags.monospace },
    { name: "Marked", style: { "Marked/...": kinds.marked } },
    { name: "Sign", style: tags.processingInstruction },
  ],
  parseBlock: [frontMatter],
  parseInline: [
    inline("Wikilink", "[", /^\[\[[^[\]\n]+\]\]/, [2, 2]),
    inline("Wikilink", "!", /^!\[\[[^[\]\n]+\]\]/, [3, 2]),
    inline("Note", "[", /^\[\^[^\s[\]]+\]/),
    inline("Note", "^", /^\^\[[^[\]]+\]/),
    inline("Hidden", "%", /^%%[^]+?%%/),
    inline("Topic", "#", /^#[\p{L}\p{N}_/-]*\p{L}[\p{L}\p{N}_/-]*/u, [0, 0], /^\s?$/),
    inline("Formula", "$", /^\$\$[^$]+\$\$|^\$(?=[^\s$])(?:[^$\\\n]|\\.)*?[^\s\\]?\$(?!\d)/),
    marked,
  ],
};
