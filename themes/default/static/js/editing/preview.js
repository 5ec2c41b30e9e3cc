// The preview: the text as the wiki would show it, asked for while one writes, and brought up to date part by part.
import { ask, reason } from "./asking.js";
import { word } from "./words.js";

const PAUSE = 400; // milliseconds without a change before the wiki is asked

const WANTED = "quire:preview"; // whether one was open last time

export class Preview {
  #drawn = () => {};

  constructor(edit) {
    this.edit = edit;
    this.pane = edit.pane;
    this.shown = null; // the text that is in the pane
    for (const [name, value] of Object.entries({ role: "region", tabindex: "0", "aria-label": word("preview") })) {
      this.pane.setAttribute(name, value);
    }
    this.pane.addEventListener("click", (event) => this.#jump(event));
    edit.onChange(() => this.#later(PAUSE));
    if (remembered()) this.toggle();
  }

  /** Call something when the preview is opened, and each time it shows something new. */
  onDraw(drawn) {
    this.#drawn = drawn;
  }

  get open() {
    return !this.pane.hidden;
  }

  toggle() {
    this.pane.hidden = !this.pane.hidden;
    this.edit.form.classList.toggle("editor-beside", this.open);
    this.edit.form.querySelector("[data-editor-show]")?.setAttribute("aria-pressed", String(this.open));
    remember(this.open);
    this.#later(0);
    this.#drawn();
    return this.open;
  }

  #later(pause) {
    clearTimeout(this.timer);
    if (this.open && this.edit.text !== this.shown) this.timer = setTimeout(() => this.#draw(), pause);
  }

  async #draw() {
    const { edit, pane } = this;
    const text = edit.text;
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    pane.setAttribute("aria-busy", "true");
    try {
      const answer = await ask(edit.form.dataset.preview, { fields: { ...edit.sent, id: edit.page }, signal });
      show(pane, await answer.text());
      this.shown = text;
      if (this.failed) edit.say("");
      this.failed = false;
      this.#drawn();
    } catch (error) {
      if (signal.aborted) return; // another question is on its way
      this.failed = true;
      edit.say(word("no_preview", { reason: reason(error, word) }));
    }
    pane.removeAttribute("aria-busy");
  }

  /** A link to a part of the page leads to that part of the preview. */
  #jump(event) {
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    event.preventDefault();
    const wanted = link.getAttribute("href").slice(1);
    const parts = [...this.pane.querySelectorAll("[id]")];
    parts.find(({ id }) => id === wanted || encodeURIComponent(id) === wanted)?.scrollIntoView({ block: "nearest" });
  }
}

const remember = (open) => {
  try {
    if (open) localStorage.setItem(WANTED, "open");
    else localStorage.removeItem(WANTED);
  } catch { /* no storage */ }
};
const remembered = () => {
  try {
    return localStorage.getItem(WANTED) === "open";
  } catch {
    return false;
  }
};

/** Show HTML that the wiki has made safe. */
const show = (pane, html) => {
  const made = document.createElement("template");
  made.innerHTML = html;
  for (const link of made.content.querySelectorAll("a[href]:not([href^='#'])")) link.target = "_blank"; // who writes stays
  for (const part of made.content.querySelectorAll("img, input, button, object")) {
    part.removeAttribute("id"); // by these it would stand before the form's own properties
    part.removeAttribute("name");
  }
  bring(pane, made.content);
};

/** Bring the children of one node to those of another; what is the same stays, so that nothing flickers or loads again. */
const bring = (old, fresh) => {
  const before = [...old.childNodes];
  const after = [...fresh.childNodes];
  const same = (one, other) => Boolean(one && other?.isEqualNode(one));
  let start = 0;
  while (same(before[start], after[start])) start += 1;
  let end = 0; // counted from the last
  while (end < Math.min(before.length, after.length) - start && same(before.at(-1 - end), after.at(-1 - end))) end += 1;
  const next = before[before.length - end] ?? null;
  const gone = before.slice(start, before.length - end);
  const come = after.slice(start, after.length - end);
  if (gone.length === 1 && come.length === 1 && gone[0] instanceof Element && gone[0].nodeName === come[0].nodeName) {
    const [one, other] = [gone[0], come[0]];
    for (const { name } of [...one.attributes]) if (!other.hasAttribute(name)) one.removeAttribute(name);
    for (const { name, value } of other.attributes) if (one.getAttribute(name) !== value) one.setAttribute(name, value);
    bring(one, other);
    return;
  }
  for (const node of gone) node.remove();
  for (const node of come) old.insertBefore(node, next);
};
