// The toolbar: one stop of the keyboard, within which the arrows go, as the ARIA Authoring Practices describe it.
import { word } from "../../static/js/editing/words.js";

const MAC = /Mac|iP(?:hone|ad)/.test(navigator.platform);

/** Write keys as people know them: `Mod-Shift-k` is ⇧⌘K on a Mac, Ctrl+Shift+K elsewhere. */
const spoken = (key) => {
  const parts = key.split("-").map((part) => (part.length === 1 ? part.toUpperCase() : part));
  if (!MAC) return parts.join("+").replace("Mod", "Ctrl");
  return parts.map((part) => ({ Mod: "⌘", Shift: "⇧" })[part] ?? part).sort((a) => (a === "⇧" ? -1 : 0)).join("");
};
const aria = (key) => key.replaceAll("-", "+").replace("Mod", MAC ? "Meta" : "Control");

export class Toolbar {
  /** @param place Where it goes. @param groups Of tools. @param view The editor. */
  constructor(place, groups, view) {
    this.view = view;
    this.place = place;
    this.buttons = [];
    place.setAttribute("role", "toolbar");
    place.setAttribute("aria-label", word("toolbar"));
    place.replaceChildren(...groups.map((tools) => {
      const group = document.createElement("div");
      group.append(...tools.map((tool) => this.#button(tool)));
      return group;
    }));
    this.#stop(this.buttons[0].button);
    place.addEventListener("keydown", (event) => this.#key(event));
    place.addEventListener("focusin", ({ target }) => this.#stop(target.closest("button")));
    place.hidden = false;
    this.show(view.state);
  }

  /** Show what holds where the cursor is. */
  show(state) {
    for (const { button, tool } of this.buttons) {
      if (tool.pressed) button.setAttribute("aria-pressed", String(tool.pressed(state)));
      if (tool.usable) button.setAttribute("aria-disabled", String(!tool.usable(state)));
    }
  }

  #button(tool) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `editor-tool editor-${tool.name}`;
    button.title = tool.key ? `${word(tool.name)} (${spoken(tool.key)})` : word(tool.name);
    button.tabIndex = -1;
    if (tool.key) button.setAttribute("aria-keyshortcuts", aria(tool.key));
    const icon = document.createElement("span");
    icon.className = "editor-icon";
    const label = document.createElement("span");
    label.className = tool.shown ? "label" : "hidden";
    label.textContent = word(tool.name);
    button.append(icon, label);
    button.addEventListener("mousedown", (event) => event.preventDefault()); // the text keeps the focus and the selection
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      tool.run(this.view);
      if (!tool.shown) this.view.focus();
      this.show(this.view.state);
    });
    this.buttons.push({ button, tool });
    return button;
  }

  #stop(wanted) {
    if (!wanted) return;
    for (const { button } of this.buttons) button.tabIndex = button === wanted ? 0 : -1;
  }

  #key(event) {
    const all = this.buttons.map(({ button }) => button);
    const at = all.indexOf(document.activeElement);
    const forward = getComputedStyle(this.place).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const back = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
    const to = { [forward]: at + 1, [back]: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    all.at(to % all.length).focus();
  }
}
