// Asks what to do with a file whose name is taken.
import { word } from "../../static/js/editing/words.js";

/**
 * @param name The name that is taken. @param answer What the wiki said: a name that is free, the blob of the one there.
 * @returns How to send it again, `null` for not at all.
 */
export const askAboutName = (name, { suggested = name, base = "" }) => new Promise((done) => {
  const dialog = document.createElement("dialog");
  dialog.className = "editor-dialog";
  dialog.setAttribute("aria-labelledby", "quire:taken");
  const made = (tag, text, properties = {}) => Object.assign(document.createElement(tag), { textContent: text, ...properties });

  const title = made("h2", word("taken", { name }), { id: "quire:taken" });
  const field = made("input", "", { type: "text", value: suggested, required: true });
  const label = made("label", word("new_name"));
  label.append(field);
  const form = made("form", "", { method: "dialog" });
  const buttons = made("p", "");
  buttons.append(
    made("button", word("rename"), { value: "rename", className: "main" }),
    made("button", word("replace"), { value: "replace", formNoValidate: true }),
    made("button", word("cancel"), { value: "cancel", formNoValidate: true }),
  );
  form.append(title, label, buttons);
  dialog.append(form);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue === "rename") done({ name: field.value.trim() });
    else if (dialog.returnValue === "replace") done({ name, replace: "1", ...(base && { base }) });
    else done(null);
  });
  document.body.append(dialog);
  dialog.showModal();
  field.select();
});
