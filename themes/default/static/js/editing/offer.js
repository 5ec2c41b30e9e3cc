// Asks whether a draft that was not saved is to be restored, and shows one that has no place any more.
import { word } from "./words.js";

/** Ask above the text, and return whether to restore it; whoever does not answer is not disturbed. */
export const offer = (edit, draft) => new Promise((answer) => {
  const [box, told] = notice(draft);
  if (draft.base && edit.base && draft.base !== edit.base.value) told.append(` ${word("draft_older")}`);

  const buttons = document.createElement("p");
  for (const [text, restore] of [[word("draft_restore"), true], [word("draft_discard"), false]]) {
    buttons.append(button(text, () => {
      box.remove();
      answer(restore);
      edit.focus(); // the button is gone
      edit.say(restore ? word("draft_restored") : word("draft_discarded"));
    }));
  }
  box.append(told, buttons);
  edit.form.prepend(box);
  edit.announce(told.textContent);
});

/** Show above the text a draft of a section that is gone; *discard* forgets it. */
export const showLost = (edit, draft, discard) => {
  const [box, told] = notice(draft);
  told.append(` ${word("draft_lost")}`);
  const area = document.createElement("textarea");
  Object.assign(area, { value: draft.text, readOnly: true, rows: 12, dir: "auto" });
  area.setAttribute("aria-label", word("draft"));
  const buttons = document.createElement("p");
  buttons.append(button(word("draft_discard"), () => {
    discard();
    box.remove();
    edit.focus();
    edit.say(word("draft_discarded"));
  }));
  box.append(told, area, buttons);
  edit.form.before(box);
};

/** Make a notice about a draft, and the paragraph that tells of when it is. */
const notice = (draft) => {
  const box = document.createElement("section");
  box.className = "notice editor-draft";
  box.setAttribute("aria-label", word("draft"));
  const time = new Date(draft.time).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  const told = document.createElement("p");
  told.textContent = word("draft_found", { time });
  return [box, told];
};

const button = (text, pressed) => {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", pressed);
  return made;
};
