// The tree of pages opens its folders in place. The links that open them become buttons, as they say whether one is open.
const tree = document.querySelector("ul.tree");

const lines = async (folder, start) => {
  const query = new URLSearchParams({ folder, start, part: 1 });
  const answer = await fetch(`/-/pages?${query}`);
  if (!answer.ok) throw new Error(answer.statusText);
  const list = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("ul");
  for (const link of list.querySelectorAll("a.opener")) improve(link);
  return list;
};
const improve = (link) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "opener";
  button.dataset.folder = link.dataset.folder;
  button.dataset.href = link.href;
  button.ariaLabel = link.dataset.label;
  button.ariaExpanded = link.dataset.open;
  link.replaceWith(button);
};
const toggle = async (button) => {
  const line = button.closest("li");
  let list = line.querySelector(":scope > ul");
  const open = button.ariaExpanded !== "true";
  if (open && !list) {
    if (button.ariaBusy === "true") return;
    button.ariaBusy = "true";
    try {
      list = await lines(button.dataset.folder, 0);
    } catch {
      location.assign(button.dataset.href); // the page for those without scripts says what is wrong
      return;
    } finally {
      button.ariaBusy = "false";
    }
    line.append(list);
  }
  list.hidden = !open;
  button.ariaExpanded = String(open);
};
const more = async (link) => {
  const line = link.closest("li");
  try {
    const list = await lines(link.dataset.folder, link.dataset.start);
    list.querySelector(":scope > li.before")?.remove();
    const first = list.querySelector("a, button");
    line.replaceWith(...list.children);
    first?.focus();
  } catch {
    location.assign(link.href);
  }
};

if (tree) {
  for (const link of tree.querySelectorAll("a.opener")) improve(link);
  tree.addEventListener("click", (event) => {
    const button = event.target.closest("button.opener");
    const link = event.target.closest("li.more > a");
    if (button) toggle(button);
    else if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      more(link);
    }
  });
}
