// Where drafts are kept: by the wiki for who is signed in, else by the browser, which several people may use.
//
// A draft is { id, text, summary, base, fields, time }: the id is that of the visit in which it was written, so that two
// windows on one page do not write over each other; the fields are what was typed beside the text, and older drafts have
// none; the time is in milliseconds.
import { ask } from "./asking.js";

const KEPT = 5; // drafts of one page

/** Drafts in the browser's own storage; the owner is what stands for a person, empty for who has no account. */
export class BrowserDrafts {
  constructor(key, owner) {
    this.name = owner ? `quire:draft:${owner}:${key}` : `quire:draft:${key}`;
  }

  /** Return all, the newest first. */
  all() {
    try {
      return JSON.parse(localStorage.getItem(this.name) ?? "[]");
    } catch {
      return []; // no storage, or not ours
    }
  }

  /** Keep one in place of the one with its id; false where the browser would not. */
  keep(draft) {
    return this.#write([draft, ...this.all().filter(({ id }) => id !== draft.id)].slice(0, KEPT));
  }

  drop(id) {
    this.#write(this.all().filter((draft) => draft.id !== id));
  }

  #write(drafts) {
    try {
      if (drafts.length) localStorage.setItem(this.name, JSON.stringify(drafts));
      else localStorage.removeItem(this.name);
      return true;
    } catch {
      return false;
    }
  }
}

/** The one draft of a page that the wiki keeps for a person. */
export class WikiDrafts {
  constructor(address, key, edit) {
    this.address = address;
    this.common = { key, page: edit.page, csrf: edit.csrf };
    this.id = "wiki";
  }

  async all() {
    const answer = await ask(`${this.address}?${new URLSearchParams({ key: this.common.key })}`);
    if (answer.status === 204) return [];
    const { text, summary, base, fields, time } = await answer.json();
    return [{ id: this.id, text, summary, base, fields, time: Date.parse(time) }];
  }

  async keep({ text, summary, base, fields }) {
    await ask(this.address, { fields: { ...fields, ...this.common, text, summary, base } });
  }

  async drop() {
    await ask(this.address, { fields: { ...this.common, discard: "1" } });
  }
}
