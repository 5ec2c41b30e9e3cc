// Escape, then Tab, leaves the text wherever it is: WCAG 2.2, 2.1.2. Without Escape, Tab helps in tables and lists.
import { EditorView } from "@codemirror/view";

const leaving = new WeakSet(); // editors in which the last key was Escape

export const leave = EditorView.domEventHandlers({
  keydown(event, view) {
    if (event.key === "Escape") leaving.add(view);
    else if (event.key !== "Tab" && event.key !== "Shift") leaving.delete(view);
  },
  blur(event, view) {
    leaving.delete(view);
  },
});

/** Let a command of Tab be, where Tab is to leave. */
export const unlessLeaving = (command) => (view) => !leaving.has(view) && command(view);
