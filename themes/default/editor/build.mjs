// Bundles the editor into ../static/js/editor.js, and writes the licences of what is in it beside it.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const script = join(here, "../static/js/editor.js");
const licences = join(here, "../static/js/editor.licences.txt");

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["src/main.js"],
  outfile: script,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  // Markdown's own parser marks HTML well enough; the languages of the web would weigh half as much again.
  alias: { "@codemirror/lang-html": "./src/no-html.js" },
  banner: { js: "/*! The editor of Quire, with packages under the MIT licence: see editor.licences.txt */" },
  legalComments: "none",
  metafile: true,
});

// The folders of the packages of which something is in the bundle.
const bundled = Object.values(metafile.outputs).flatMap(({ inputs }) =>
  Object.keys(inputs).map((input) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]));
const packages = [...new Set(bundled.filter(Boolean))].sort();

const told = await Promise.all(packages.map(async (folder) => {
  const { name, version, license } = JSON.parse(await readFile(join(here, folder, "package.json"), "utf8"));
  const file = (await readdir(join(here, folder))).find((each) => /^licen[cs]e/i.test(each));
  if (license !== "MIT" || !file) throw new Error(`${name} is not under the MIT licence, or does not show it`);
  return `${name} ${version}\n\n${(await readFile(join(here, folder, file), "utf8")).trim()}\n`;
}));
const rule = `\n${"-".repeat(72)}\n\n`;
await writeFile(licences, `The editor of Quire (js/editor.js) contains these packages.\n${rule}${told.join(rule)}`);

const written = await readFile(script);
const size = (bytes) => `${Math.ceil(bytes / 1000)} kB`;
console.log(`${relative(process.cwd(), script)}: ${size(written.length)}, ${size(gzipSync(written).length)} as it is sent`);
