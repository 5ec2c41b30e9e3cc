// What is written is kept as a draft until it is saved. On the next visit a draft that was not saved is offered:
// nothing is put in place, and nothing thrown away, before the person says so.
import { BrowserDrafts, WikiDrafts } from "./keeping.js";
import { offer, showLost } from "./offer.js";
import { word } from "./words.js";

const PAUSE = { browser: 1_000, wiki: 3_000 }; // milliseconds without a change before a draft is kept
const SENT = "quire:sent"; // which draft of each key went to the wiki; js/saved.js drops those that the wiki has saved

export const keepDrafts = async (edit) => {
  const { draft: key, draftOwner: owner, draftUrl, draftLost } = edit.form.dataset;
  if (!key) return;
  if (draftLost) {
    const lost = new BrowserDrafts(draftLost, owner);
    for (const draft of lost.all()) showLost(edit, draft, () => lost.drop(draft.id));
  }
  const browser = new BrowserDrafts(key, owner);
  const wiki = draftUrl ? new WikiDrafts(draftUrl, key, edit) : null;
  let own = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  let free = !wiki; // whether the wiki's one draft may be written over
  let timer = 0;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(keep, wiki && free ? PAUSE.wiki : PAUSE.browser);
  };

  const told = document.createElement("span"); // seen, and not read aloud each time
  told.className = "editor-kept";
  edit.status?.after(told);
  const tell = (kept) => {
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    told.textContent = kept ? word("draft_kept", { time }) : word("draft_not_kept");
  };

  const now = () => ({
    id: own, text: edit.text, summary: edit.summary?.value ?? "", base: edit.base?.value ?? "", fields: edit.beside,
    time: Date.now(),
  });
  const keep = async () => {
    clearTimeout(timer);
    timer = 0;
    const draft = now();
    if (!edit.changed) return forget(own);
    if (!wiki || !free) return tell(browser.keep(draft));
    try {
      await wiki.keep(draft);
      browser.drop(own);
      tell(true);
    } catch {
      tell(browser.keep(draft)); // signed out, or cut off
    }
  };
  const forget = async (id) => {
    browser.drop(id);
    told.textContent = "";
    if (wiki && (free || id === wiki.id)) await wiki.drop().catch(() => {});
  };

  edit.onChange(soon);
  addEventListener("visibilitychange", () => {
    if (document.hidden && timer) browser.keep(now()); // there may be no time to ask the wiki
  });
  addEventListener("submit", (event) => {
    if (event.target !== edit.form || event.defaultPrevented) return;
    clearTimeout(timer);
    if (!edit.changed) return;
    if (!browser.keep(now())) return; // until the wiki says that it is saved
    try {
      const sent = JSON.parse(sessionStorage.getItem(SENT) ?? "{}");
      sessionStorage.setItem(SENT, JSON.stringify({ ...sent, [key]: { name: browser.name, id: own } }));
    } catch { /* then the draft is offered once more */ }
  });

  const found = [...browser.all(), ...(await wiki?.all().catch(() => []) ?? [])].sort((a, b) => b.time - a.time);
  for (const draft of found) {
    if (edit.holds(draft)) {
      if (!edit.changed) await forget(draft.id); // it is what the wiki has
      else if (draft.id !== wiki?.id) own = draft.id; // it came back unsaved, and goes on as the same draft
      continue;
    }
    if (await offer(edit, draft)) {
      if (edit.changed) browser.keep({ ...now(), id: `${own}-before` });
      const { text, summary, base, fields = {} } = draft;
      if (edit.summary && summary) edit.summary.value = summary;
      if (edit.base && base) edit.base.value = base; // so that what changed since is merged, and not undone
      edit.putBeside(fields);
      edit.replace(text);
      if (draft.id !== wiki?.id) own = draft.id;
      break;
    }
    await forget(draft.id);
  }
  free = Boolean(wiki);
  if (edit.changed && !timer) soon();
};
