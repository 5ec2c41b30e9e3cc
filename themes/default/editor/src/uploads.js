// Files that are dropped, pasted or picked go to the wiki, and a link to each into the text where it was put.
import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";
import { word } from "../../static/js/editing/words.js";
import { askAboutName } from "./collision.js";
import { send } from "./sending.js";

const begun = StateEffect.define({ map: ({ id, at, name }, changes) => ({ id, name, at: changes.mapPos(at) }) });
const ended = StateEffect.define();

/** Stands in the text, but not in what is saved, until the file is there. */
class Waiting extends WidgetType {
  constructor(id, name) {
    super();
    this.id = id;
    this.name = name;
  }

  eq(other) {
    return other.id === this.id;
  }

  toDOM() {
    const chip = document.createElement("span");
    chip.className = "editor-waiting";
    chip.textContent = word("uploading", { name: this.name });
    return chip;
  }
}

const places = StateField.define({
  create: () => Decoration.none,
  update(places, { changes, effects }) {
    let now = places.map(changes);
    for (const effect of effects) {
      if (effect.is(begun)) {
        const { id, at, name } = effect.value;
        now = now.update({ add: [Decoration.widget({ widget: new Waiting(id, name), id, side: 1 }).range(at)] });
      } else if (effect.is(ended)) now = now.update({ filter: (from, to, { spec }) => spec.id !== effect.value });
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const placeOf = (state, id) => {
  for (const cursor = state.field(places).iter(); cursor.value; cursor.next()) if (cursor.value.spec.id === id) return cursor.from;
  return state.selection.main.head;
};

const EMBEDDED = /^(?:image|audio|video)\//;
let last = 0;

export class Uploads {
  constructor(edit) {
    this.edit = edit;
    this.queue = Promise.resolve(); // one after another, in the order in which they came
    this.waiting = 0;
    this.held = null; // the button of a form that was sent too soon
    this.extension = [places, EditorView.domEventHandlers({
      paste: (event, view) => this.#take(event, view, pasted(event.clipboardData)),
      drop: (event, view) => this.#take(event, view, event.dataTransfer?.files, view.posAtCoords({ x: event.clientX, y: event.clientY })),
    })];
    this.#guard();
    edit.form.addEventListener("submit", (event) => this.#hold(event));
  }

  /** Send files, and link each where it was put: at *at*, else at the cursor. */
  add(view, files, at = null) {
    for (const file of files) {
      const id = (last += 1);
      view.dispatch({ effects: begun.of({ id, at: at ?? view.state.selection.main.head, name: file.name }) });
      this.waiting += 1;
      this.queue = this.queue.then(() => this.#one(view, file, id)).then((linked) => this.#done(linked));
    }
  }

  /** Let the person pick files. */
  pick(view) {
    const field = document.createElement("input");
    field.type = "file";
    field.multiple = true;
    field.addEventListener("change", () => {
      this.add(view, field.files);
      view.focus();
    });
    field.click();
    return true;
  }

  async #one(view, file, id) {
    const { edit } = this;
    let how = { name: nameFor(file, edit.page) };
    let told = "";
    let link = "";
    for (;;) {
      const { name } = how;
      const answer = await send(edit, file, how, (part) => edit.say(word("uploading_part", { name, part })));
      if (answer.status === 409 && answer.json) {
        how = await askAboutName(name, answer.json);
        if (how) continue;
        told = word("upload_cancelled", { name });
      } else if (answer.json?.target && answer.status < 300) {
        link = `${EMBEDDED.test(file.type) ? "!" : ""}[[${answer.json.target}]]`;
        told = word("uploaded", { name: answer.json.path ?? name });
      } else told = word("not_uploaded", { name, reason: answer.json?.error ?? answer.reason });
      break;
    }
    const at = placeOf(view.state, id);
    const before = view.state.sliceDoc(Math.max(0, at - 2), at);
    const insert = link && before === "]]" ? `\n${link}` : link; // files that came together stand one under another
    const cursor = view.state.selection.main;
    view.dispatch({
      changes: { from: at, insert },
      selection: cursor.empty && cursor.head === at ? { anchor: at + insert.length } : undefined,
      effects: ended.of(id),
      userEvent: "input.upload",
    });
    edit.say(told);
    return Boolean(link);
  }

  /** A form that is sent while a file is on its way would go without its link: it waits. */
  #hold(event) {
    if (!this.waiting) return;
    event.preventDefault();
    this.held = event.submitter;
    this.edit.say(word("saves_then"));
  }

  #done(linked) {
    this.waiting -= 1;
    if (!linked) this.held = null; // who is told of an error has something to decide
    if (this.waiting || !this.held) return;
    this.edit.form.requestSubmit(this.held);
    this.held = null;
  }

  #take(event, view, files, at = null) {
    if (!files?.length) return false;
    event.preventDefault();
    this.add(view, files, at);
    return true;
  }

  /** A file that is dropped beside the text does not open in place of the page. */
  #guard() {
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.edit.form.classList.add("editor-dropping");
    });
    for (const name of ["dragleave", "drop", "dragend"]) {
      addEventListener(name, (event) => {
        if (name === "dragleave" && event.relatedTarget) return;
        this.edit.form.classList.remove("editor-dropping");
        if (name === "drop" && hasFiles(event)) event.preventDefault();
      });
    }
  }
}

/** The files of a clipboard, where they are what was copied and not a picture of it, as spreadsheets add one. */
const pasted = (clipboard) => (clipboard?.getData("text/plain") ? [] : clipboard?.files);

/** The name a file is kept under; a picture from the clipboard, which has none of its own, gets the page's and the time. */
const nameFor = ({ name, type }, page) => {
  if (name && !/^image\.\w+$/.test(name)) return name;
  const time = new Date().toISOString().slice(0, 19).replace("T", "-").replaceAll(":", "");
  return `${page.slice(page.lastIndexOf("/") + 1) || "image"}-${time}.${type.split("/")[1]?.replace(/\+.*/, "") || "png"}`;
};
