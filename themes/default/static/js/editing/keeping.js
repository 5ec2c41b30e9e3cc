// Where drafts are kept: by the wiki for who is signed in, else by the browser, which several people may use.
//
// A draft is { id, text, summary, base, fields, time }: the id is that of the visit in which it was written, so that two
// windows on one page do not write over each other; the fields are what was typed beside the text, and older drafts have
// none; the time is in milliseconds.
import { ask } from "./asking.js";

const KEPT = 5; // drafts of one page

/**
 * Drafts in the browser's own storage; the owner is what stands for a person, empty for who has no account.
 *
 * What was written before its author logged in is nobody's, and becomes that person's when they go on with it.
 */
export class BrowserDrafts {
  constructor(key, owner) {
    this.nobodys = `quire:draft:${key}`;
    this.name = owner ? `quire:draft:${owner}:${key}` : this.nobodys;
  }

  /** Return all, the newest first. */
  all() {
    const all = [...new Set([this.name, this.nobodys])].flatMap((name) => this.#read(name));
    return all.sort((a, b) => b.time - a.time);
  }

  /** Keep one in place of the one with its id; false where the browser would not. */
  keep(draft) {
    const others = this.#read(this.name).filter(({ id }) => id !== draft.id);
    const kept = this.#write(this.name, [draft, ...others].slice(0, KEPT));
    if (kept && this.nobodys !== this.name) this.#drop(this.nobodys, draft.id);
    return kept;
  }

  drop(id) {
    for (const name of new Set([this.name, this.nobodys])) this.#drop(name, id);
  }

  #drop(name, id) {
    this.#write(name, this.#read(name).filter((draft) => draft.id !== id));
  }

  #read(name) {
    try {
      return JSON.parse(localStorage.getItem(name) ?? "[]");
    } catch {
      return []; // no storage, or not ours
    }
  }

  #write(name, drafts) {
    try {
      if (drafts.length) localStorage.setItem(name, JSON.stringify(drafts));
      else localStorage.removeItem(name);
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
