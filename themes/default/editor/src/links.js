// Completes links: `[[` with the pages of the wiki, `[[Page#` with the headings of that page, `[[#` with those of this one.
import { ensureSyntaxTree } from "@codemirror/language";
import { ask } from "../../static/js/editing/asking.js";
import { within } from "./marks.js";
import { inTable } from "./tables.js";
import { nameOf, pageId } from "./targets.js";

const OPEN = /\[\[([^[\]|\n]*)$/;
const REST = /^([^[\]|#\n]*)(\]\]|\||#)/; // of a link that is there already
const CODE = ["FencedCode", "CodeBlock", "InlineCode"]; // where brackets are no links
const PATIENCE = 100; // milliseconds that this page's headings may take

/** Put a target in: with its brackets closed, or into a link that has a label or a heading of its own. */
const put = (path, label) => (view, completion, from, to) => {
  const line = view.state.doc.lineAt(to);
  const [, left = "", end = ""] = REST.exec(view.state.sliceDoc(to, line.to)) ?? [];
  const bar = inTable(view.state) ? "\\|" : "|";
  const inner = label && (!end || end === "]]") ? path + bar + label : path;
  const insert = end && end !== "]]" ? inner : `${inner}]]`;
  view.dispatch({
    changes: { from, to: to + left.length + (end === "]]" ? 2 : 0), insert },
    selection: { anchor: from + insert.length },
    scrollIntoView: true,
    userEvent: "input.complete",
  });
};

const headingsHere = (state) => {
  const found = [];
  ensureSyntaxTree(state, state.doc.length, PATIENCE)?.iterate({
    enter({ name, from, to }) {
      const level = /^(?:ATX|Setext)Heading(\d)$/.exec(name)?.[1];
      if (level) found.push({ level: Number(level), text: state.sliceDoc(from, to).replace(/^#+\s*|\s*#*\s*$|\n[=-]+\s*$/g, "") });
      return name === "Document";
    },
  });
  return found;
};

export const completeLinks = (edit) => {
  const { suggest: address, outline } = edit.form.dataset;
  const known = new Map(); // what stands in a link -> the page that was meant by it

  const answer = async (context, from) => {
    const stop = new AbortController();
    context.addEventListener("abort", () => stop.abort(), { onDocChange: true });
    try {
      return await (await ask(from, { signal: stop.signal })).json();
    } catch {
      return null; // then nothing is suggested
    }
  };

  const pages = async (context, typed, from) => {
    const found = await answer(context, `${address}?${new URLSearchParams({ q: typed })}`);
    if (!found) return null;
    const [, titles, places, addresses] = found;
    const ids = addresses.map(pageId);
    return {
      from,
      filter: false,
      options: titles.map((title, index) => {
        const { path, label } = nameOf(ids[index], title, edit.page, ids);
        known.set(path, ids[index]);
        return { label: title, detail: places[index], apply: put(path, label) };
      }),
    };
  };

  const headings = async (context, target, from) => {
    let found = null;
    if (!target) found = headingsHere(context.state);
    else if (outline) {
      // As the wiki looks for it: beside this page, then from the root.
      const beside = edit.page.includes("/") ? [`${edit.page.slice(0, edit.page.lastIndexOf("/"))}/${target}`] : [];
      for (const id of known.has(target) ? [known.get(target)] : [...beside, target]) {
        found ??= await answer(context, `${outline}/${id.replace(/^\//, "").split("/").map(encodeURIComponent).join("/")}`);
      }
    }
    if (!found) return null;
    return {
      from,
      validFor: /^[^[\]|\n]*$/,
      options: found.map(({ text, level, anchor }, index) => ({
        label: text,
        detail: "#".repeat(level),
        boost: -index / found.length,
        apply: put(/[[\]|#]/.test(text) && anchor ? anchor : text, ""),
      })),
    };
  };

  return (context) => {
    const open = context.matchBefore(OPEN);
    if (!open || CODE.some((name) => within(context.state, name))) return null;
    const [, inside] = OPEN.exec(open.text);
    const hash = inside.indexOf("#");
    const start = open.from + 2;
    const found = hash >= 0
      ? headings(context, inside.slice(0, hash).trim(), start + hash + 1)
      : address && inside.trim() && pages(context, inside.trim(), start);
    return Promise.resolve(found || null).catch(() => null); // an odd answer is none
  };
};
