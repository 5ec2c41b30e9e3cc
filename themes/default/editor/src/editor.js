// Builds the editor into the edit page: the toolbar, CodeMirror in place of the field, the preview beside it.
import { EditorView } from "@codemirror/view";
import { word } from "../../static/js/editing/words.js";
import { Step } from "./step.js";
import { Toolbar } from "./toolbar.js";
import { tools } from "./tools.js";
import { Uploads } from "./uploads.js";
import { openView } from "./view.js";

const made = (tag, properties) => Object.assign(document.createElement(tag), properties);

export class Editor {
  #heard = new AbortController(); // until the editor ends

  /** @param fail Called with what went wrong in the editor. */
  constructor(edit, preview, fail) {
    const { form, area } = edit;
    this.edit = edit;
    const uploads = form.dataset.upload ? new Uploads(edit) : null;
    const groups = tools(word, uploads, preview);
    const step = preview ? new Step(preview.pane) : null;

    this.view = openView(edit, groups, [
      EditorView.exceptionSink.of(fail),
      EditorView.updateListener.of((update) => this.#update(update)),
      uploads?.extension ?? [],
      step?.extension ?? [],
    ]);
    this.bar = form.querySelector("[data-editor-toolbar]") ?? made("div");
    this.toolbar = new Toolbar(this.bar, groups, this.view);

    const panes = made("div", { className: "editor-panes" });
    const box = made("div", { className: "editor-box" });
    this.help = made("p", { id: "quire:editor-help", className: "editor-help", textContent: word("help") });
    area.before(box, this.help);
    panes.append(this.view.dom, area);
    box.append(this.bar, panes);
    const show = form.querySelector("[data-editor-show]"); // the toolbar has one
    if (preview) {
      panes.append(preview.pane);
      preview.onDraw(() => step.follow(this.view));
      if (show) show.hidden = true;
    }

    area.hidden = true;
    const { signal } = this.#heard;
    area.addEventListener("input", () => this.#take(), { signal });
    addEventListener("pageshow", () => this.#take(), { signal }); // browsers put back what was typed before
    for (const label of area.labels) label.addEventListener("click", () => this.view.focus(), { signal });
    edit.focus = () => this.view.focus();
    if (document.activeElement === document.body && form.hasAttribute("data-editor-focus")) this.view.focus();
  }

  /** Give the field back, with all that was typed. */
  end() {
    const { edit, view } = this;
    this.#heard.abort();
    const text = view.state.doc.toString();
    if (edit.text !== text) edit.replace(text);
    const focused = view.hasFocus;
    view.destroy();
    this.bar.hidden = true;
    this.help.remove();
    edit.area.hidden = false;
    edit.focus = () => edit.area.focus();
    if (focused) edit.focus();
  }

  /** Tell the field what was typed. */
  #update(update) {
    if (update.docChanged) {
      this.telling = true;
      this.edit.replace(update.state.doc.toString());
      this.telling = false;
    }
    if (update.docChanged || update.selectionSet) this.toolbar?.show(update.state);
  }

  /** Take over what was put into the field, as a draft is. */
  #take() {
    const { view, edit } = this;
    if (this.telling || view.state.doc.toString() === edit.text) return;
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: edit.text }, userEvent: "input.replace" });
  }
}
