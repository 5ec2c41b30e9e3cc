// A table as text: its rows, its cells, and how they are aligned. Knows nothing of the editor.

const RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

/** Say whether a line is the one under the head of a table. */
export const isRule = (line) => RULE.test(line) && line.includes("-");

/** Return the cells of a row, each with its text and where that stands in the line; `\|` is no border. */
export const cells = (line) => {
  const borders = [];
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === "\\") at += 1;
    else if (line[at] === "|") borders.push(at);
  }
  const starts = [0, ...borders.map((at) => at + 1)];
  const ends = [...borders, line.length];
  const parts = starts.map((start, index) => [start, ends[index]]);
  if (parts.length > 1 && !line.slice(...parts[0]).trim()) parts.shift();
  if (parts.length > 1 && !line.slice(...parts.at(-1)).trim()) parts.pop();
  return parts.map(([start, end]) => {
    const raw = line.slice(start, end);
    const text = raw.trim();
    const from = text ? start + raw.indexOf(text) : start + Math.min(1, raw.length);
    return { text, from, to: from + text.length };
  });
};

/** Return an empty row as wide as *line*, with the cursor's place in it. */
export const emptyRow = (line) => ({ text: `|${"  |".repeat(cells(line).length)}`, cursor: 2 });

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const NOTHING = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** How many columns of a fixed-width font a text takes. */
export const width = (text) => [...text].reduce((sum, each) => sum + (NOTHING.test(each) ? 0 : WIDE.test(each) ? 2 : 1), 0);

/** Return the lines of a table with their borders one under another. */
export const align = (lines) => {
  const rows = lines.map((line) => cells(line).map(({ text }) => text));
  const rule = lines.findIndex(isRule);
  const columns = Math.max(...rows.map((row) => row.length));
  const sides = Array.from({ length: columns }, (_, index) => {
    const mark = rows[rule]?.[index] ?? "";
    return { left: mark.startsWith(":"), right: mark.endsWith(":") };
  });
  const widths = sides.map((_, index) =>
    Math.max(3, ...rows.map((row, number) => (number === rule ? 0 : width(row[index] ?? "")))));
  return rows.map((row, number) => {
    const parts = widths.map((size, index) => {
      const { left, right } = sides[index];
      if (number === rule) return (left ? ":" : "-") + "-".repeat(size - 2) + (right ? ":" : "-");
      const text = row[index] ?? "";
      const space = size - width(text);
      const before = right ? (left ? Math.floor(space / 2) : space) : 0;
      return " ".repeat(before) + text + " ".repeat(space - before);
    });
    return `| ${parts.join(" | ")} |`;
  });
};
