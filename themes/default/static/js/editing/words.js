// The texts of buttons and messages, as the edit page gives them in the reader's language.
const given = document.querySelector("script[data-editor-words]");
const texts = given ? JSON.parse(given.textContent) : {};

/** Return the text called *key*, with its `{names}` filled in; the key itself where the page has no text for it. */
export const word = (key, values = {}) =>
  (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
