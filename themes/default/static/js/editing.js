// Improves the edit page, which works as a plain form without it: asks before one leaves with something unsaved, keeps
// drafts, and shows a preview beside the text. The editor (js/editor.js), where it was built, brings this along.
import { keepDrafts } from "./editing/drafts.js";
import { Edit } from "./editing/edit.js";
import { warnBeforeLeaving } from "./editing/leaving.js";
import { Preview } from "./editing/preview.js";

const form = document.querySelector("form[data-editor]");

/** What the page has, `null` where there is nothing to edit. */
export const edit = form ? new Edit(form) : null;

/** Its preview, `null` where it has no place for one. */
export const preview = edit?.pane && form.dataset.preview ? new Preview(edit) : null;

if (edit) {
  warnBeforeLeaving(edit);
  keepDrafts(edit);
  form.addEventListener("click", (event) => {
    if (!preview || !event.target.closest("[data-editor-show]")) return;
    event.preventDefault(); // it would send the form, to come back with a preview
    preview.toggle();
  });
  form.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey || !(event.ctrlKey || event.metaKey)) return;
    if (event.key.toLowerCase() !== "s" && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) edit.save();
  });
}
