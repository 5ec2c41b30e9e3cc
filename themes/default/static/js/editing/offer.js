// Asks whether a draft that was not saved is to be restored.
import { word } from "./words.js";

/** Ask above the text, and return whether to restore it; whoever does not answer is not disturbed. */
export const offer = (edit, draft) => new Promise((answer) => {
  const box = document.createElement("section");
  box.className = "notice editor-draft";
  box.setAttribute("aria-label", word("draft"));

  const time = new Date(draft.time).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  const told = document.createElement("p");
  told.textContent = word("draft_found", { time });
  if (draft.base && edit.base && draft.base !== edit.base.value) told.append(` ${word("draft_older")}`);

  const buttons = document.createElement("p");
  for (const [text, restore] of [[word("draft_restore"), true], [word("draft_discard"), false]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => {
      box.remove();
      answer(restore);
      edit.focus(); // the button is gone
      edit.say(restore ? word("draft_restored") : word("draft_discarded"));
    });
    buttons.append(button);
  }
  box.append(told, buttons);
  edit.form.prepend(box);
  edit.announce(told.textContent);
});
