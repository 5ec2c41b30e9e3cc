// How a page is named in a link: as short as is sure to mean it. Knows nothing of the editor.

/** The key of a name, by which the wiki finds it whatever its case and spaces: engine/ids.py. */
const key = (name) => name.normalize("NFKC").toLowerCase().replace(/[\s_-]+/gu, "-");

const folder = (id) => id.slice(0, Math.max(0, id.lastIndexOf("/")));
const last = (id) => id.slice(id.lastIndexOf("/") + 1);

/** Return the id of the page that has an address. */
export const pageId = (address) => decodeURIComponent(new URL(address, location.href).pathname).replace(/^\/|\/$/g, "");

/**
 * Return what a link says, as `{ path, label }`; the label is empty where the path reads as the title.
 *
 * A page beside the one that links is named by its last part, others by their whole id. A name that only differs from
 * the title in its case and spaces is written as the title: the wiki knows it by its key.
 *
 * @param id The page that is meant. @param title What it is called. @param from The page that links.
 * @param others Ids of pages with names like it.
 */
export const nameOf = (id, title, from, others = []) => {
  const beside = folder(id) === folder(from);
  const rival = others.some((other) => other !== id && key(last(other)) === key(last(id)));
  const short = beside ? last(id) : id;
  const path = rival && !beside ? `/${id}` : short;
  if (title === path || /[[\]|#\n]/.test(title)) return { path, label: "" };
  return !rival && key(title) === key(short) ? { path: title, label: "" } : { path, label: title };
};
