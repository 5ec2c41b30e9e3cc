// The search box suggests pages while one types: a combobox with a list, as the ARIA Authoring Practices describe it.
// Without a choice, Enter searches as it does without this script.
const input = document.getElementById("quire:search");
const status = document.getElementById("quire:status");
const words = status?.dataset ?? {};
const PAUSE = 120; // milliseconds without a key before the wiki is asked

if (input) {
  const list = document.createElement("ul");
  list.id = "quire:suggestions";
  list.className = "panel suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", words.suggestions ?? "");
  list.hidden = true;
  input.closest("form").append(list);
  for (const [name, value] of Object.entries({
    role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false",
  })) input.setAttribute(name, value);

  let timer = 0;
  let asking = null;
  let asked = input.value.trim();
  let at = -1;

  const mark = (index) => {
    at = index;
    [...list.children].forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    const option = list.children[at];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const open = (shown) => {
    list.hidden = !shown;
    input.setAttribute("aria-expanded", String(shown));
    mark(-1);
  };
  const forget = () => {
    clearTimeout(timer);
    asking?.abort();
    open(false);
    if (status) status.textContent = "";
  };
  const go = (option) => location.assign(option.dataset.url);
  const show = ([, titles, places, addresses]) => {
    list.replaceChildren(...titles.map((title, number) => {
      const option = document.createElement("li");
      option.id = `quire:suggestion-${number}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      const { pathname, search } = new URL(addresses[number], location.href);
      option.dataset.url = pathname + search;
      for (const [kind, text] of [["title", title], ["where", places[number]]]) {
        if (!text) continue;
        const part = document.createElement("span");
        part.className = kind;
        part.dir = "auto";
        part.textContent = text;
        option.append(part, " ");
      }
      return option;
    }));
    open(titles.length > 0);
    // The list is seen; who does not see it is told how many there are.
    if (status) status.textContent = titles.length ? words.suggested.replace("{}", titles.length) : "";
  };
  const ask = async (text) => {
    asking?.abort();
    const own = asking = new AbortController();
    try {
      const answer = await fetch(`/-/suggest?${new URLSearchParams({ q: text })}`, { signal: own.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      const found = await answer.json();
      if (own === asking && document.activeElement === input) show(found);
    } catch {
      if (own === asking) open(false); // without suggestions the box still searches
    }
  };

  input.addEventListener("input", (event) => {
    if (event.isComposing) return; // an input method is still putting a character together
    const text = input.value.trim();
    clearTimeout(timer);
    if (!text) forget();
    else if (text !== asked || list.hidden) timer = setTimeout(ask, PAUSE, text);
    asked = text;
  });
  input.addEventListener("compositionend", () => {
    clearTimeout(timer);
    asked = input.value.trim();
    if (asked) timer = setTimeout(ask, PAUSE, asked);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const count = list.children.length;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count) {
      event.preventDefault();
      const down = event.key === "ArrowDown";
      if (list.hidden) {
        open(true);
        mark(down ? 0 : count - 1);
      } else if (down) mark(at + 1 === count ? -1 : at + 1); // past the last is what was typed
      else mark(at === -1 ? count - 1 : at - 1);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault(); // what was typed stays; pressed again, it clears the box
      forget();
    } else if (event.key === "Enter" && !list.hidden && at >= 0) {
      event.preventDefault();
      go(list.children[at]);
    } else if (event.key === "Tab") forget();
  });
  input.addEventListener("blur", forget);
  input.form.addEventListener("submit", forget);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) go(option);
  });
}
