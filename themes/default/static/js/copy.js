// Buttons that copy: code, citations, and the address of a section. Code also gets the name of its language.
const status = document.getElementById("quire:status");
const words = status?.dataset ?? {};
const say = (text) => {
  status.textContent = "";
  setTimeout(() => { status.textContent = text; }, 50);
};
const copy = async (text, button) => {
  try {
    await navigator.clipboard.writeText(text);
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 2000);
    say(words.copied);
  } catch {
    say(words.notCopied);
  }
};
const icon = (name) => {
  const made = document.createElement("span");
  made.className = `icon icon-${name}`;
  made.ariaHidden = "true";
  return made;
};

if (status && navigator.clipboard) {
  for (const pre of document.querySelectorAll(".page .content pre, .quoted pre")) {
    const box = document.createElement("div");
    box.className = "code";
    const button = document.createElement("button");
    button.type = "button";
    button.title = words.copy;
    button.ariaLabel = words.copy;
    button.append(icon("copy"));
    button.addEventListener("click", () => copy(pre.textContent, button));
    pre.replaceWith(box);
    box.append(pre, button);
    const language = /\blanguage-(\S+)/.exec(pre.firstElementChild?.className ?? "")?.[1];
    if (language) {
      const label = document.createElement("span");
      label.className = "language";
      label.textContent = language;
      box.append(label);
    }
  }
  for (const heading of document.querySelectorAll(":is(.page > .content, .page > .content > .heading) > :is(h2, h3, h4)[id]")) {
    const link = document.createElement("a");
    link.className = "anchor";
    link.href = `#${encodeURIComponent(heading.id)}`;
    link.ariaLabel = `${words.link}: ${heading.textContent}`;
    link.append(icon("link"));
    link.addEventListener("click", () => copy(link.href, link));
    if (!heading.parentElement.matches(".heading")) {
      const box = document.createElement("div");
      box.className = "heading";
      heading.replaceWith(box);
      box.append(heading);
    }
    heading.after(link);
  }
}
