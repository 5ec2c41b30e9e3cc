// Lets CodeMirror's own styles pass the policy of the page, which allows no style elements.
//
// style-mod writes a style element into a document, and constructs a sheet only within a shadow root. A constructed
// sheet is no matter of the policy, and a document can adopt one as well.
import { StyleModule } from "style-mod";

const sheet = new CSSStyleSheet();
let mounted = []; // modules, the weakest first

StyleModule.mount = (root, modules) => {
  const wanted = [modules].flat();
  if (wanted.every((module) => mounted.includes(module))) return;
  mounted = [...mounted.filter((module) => !wanted.includes(module)), ...wanted];
  sheet.replaceSync(mounted.map((module) => module.getRules()).join("\n"));
  if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets.push(sheet);
};
