// What an edit page has: its form, the fields that count, and a line that tells how things stand.
export class Edit {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.area = form.querySelector("textarea[data-editor-text]");
    this.pane = form.querySelector("[data-editor-preview]");
    this.status = form.querySelector("[data-editor-status]");
    this.summary = form.querySelector("[name=summary]");
    this.fields = [...form.querySelectorAll("textarea[name], input[name]:not([type=hidden], [type=checkbox], [type=radio])")];
    this.base = form.querySelector("[name=base]");
    this.csrf = form.querySelector("[name=csrf]")?.value ?? "";
    this.page = form.dataset.page ?? "";
    this.button = form.querySelector("[data-editor-save]") ?? form.querySelector("button:not([type=button])");
    this.focus = () => this.area.focus(); // until something stands in for the field
  }

  /** The text as it would be sent. Whoever writes to the field itself fires `input` on it. */
  get text() {
    return this.area.value;
  }

  /** Whether something would be lost by leaving. A page that shows what was never saved says `data-unsaved`. */
  get changed() {
    return "unsaved" in this.form.dataset || this.fields.some((field) => field.value !== field.defaultValue);
  }

  /**
   * What is typed beside the text and changes the page, as its title: by the names of the fields, each with what it
   * began with, which stands in a hidden field called `…-was`.
   */
  get beside() {
    const typed = {};
    for (const [field, was] of this.#beside()) {
      if (field.value !== was.value) Object.assign(typed, { [field.name]: field.value, [was.name]: was.value });
    }
    return typed;
  }

  /** Put back what was typed beside another text; what was not typed there stays. */
  putBeside(typed) {
    for (const pair of this.#beside()) {
      if (!(pair[0].name in typed)) continue;
      for (const field of pair) field.value = typed[field.name] ?? "";
      pair[0].closest("details")?.setAttribute("open", "");
    }
  }

  /** Whether all that a draft holds stands in the form. */
  holds({ text, summary, fields = {} }) {
    return text === this.text && (!summary || !this.summary || summary === this.summary.value)
      && this.#beside().every(([field]) => !(field.name in fields) || fields[field.name] === field.value);
  }

  #beside() {
    return this.fields.flatMap((field) => {
      const was = this.form.querySelector(`input[name="${CSS.escape(`${field.name}-was`)}"]`);
      return was ? [[field, was]] : [];
    });
  }

  /** All that is sent with the form. */
  get sent() {
    return Object.fromEntries(new FormData(this.form));
  }

  /** Put another text in place, as if it had been typed. */
  replace(text) {
    this.area.value = text;
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  onChange(heard) {
    this.form.addEventListener("input", heard);
  }

  /** Say how things stand. */
  say(text) {
    if (this.status) this.status.textContent = text;
  }

  /** Say to who does not see it what others see already. */
  announce(text) {
    const place = document.getElementById("quire:status");
    if (place) place.textContent = text;
  }

  save() {
    this.form.requestSubmit(this.button);
  }
}
