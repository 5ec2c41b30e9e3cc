// The editor of the edit page. Whatever goes wrong in it, the plain field with all that was typed comes back.
import { edit, preview } from "../../static/js/editing.js";
import { word } from "../../static/js/editing/words.js";
import { Editor } from "./editor.js";

const begin = () => {
  let editor = null;
  const fail = (error) => {
    editor?.end();
    edit.say(word("plain"));
    reportError(error); // where a browser tells of them
  };
  try {
    editor = new Editor(edit, preview, fail);
  } catch (error) {
    fail(error);
  }
};

if (edit) begin();
