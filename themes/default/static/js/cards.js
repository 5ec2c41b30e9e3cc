// Note cards: hovering or focusing the number of a note shows its entry, without leaving the line.
// Escape closes a card, the pointer can move into it, and it stays while either is on it (WCAG 1.4.13).
const main = document.querySelector("main");
const LEAVE = 250; // milliseconds in which the pointer may cross the gap between number and card
let card = null;
let timer = 0;
let opener = null;

const close = () => {
  clearTimeout(timer);
  card?.remove();
  opener?.removeAttribute("aria-describedby");
  card = opener = null;
};
const closeSoon = () => {
  clearTimeout(timer);
  timer = setTimeout(() => { if (document.activeElement !== opener) close(); }, LEAVE);
};
const place = (link) => {
  const to = link.getBoundingClientRect();
  const frame = main.getBoundingClientRect();
  const left = Math.min(Math.max(to.left - 16, 8), document.documentElement.clientWidth - card.offsetWidth - 8);
  const below = to.bottom + card.offsetHeight + 8 < innerHeight || to.top < card.offsetHeight + 8;
  card.style.left = `${left - frame.left}px`;
  card.style.top = `${(below ? to.bottom + 4 : to.top - card.offsetHeight - 4) - frame.top}px`;
};
const show = (link) => {
  clearTimeout(timer);
  if (opener === link) return;
  const entry = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!entry) return;
  close();
  opener = link;
  card = document.createElement("div");
  card.className = "card content";
  card.id = "quire:card";
  const content = link.closest(".content");
  card.lang = content?.lang ?? "";
  card.dir = content?.dir ?? "auto";
  card.append(...entry.cloneNode(true).childNodes);
  for (const back of card.querySelectorAll(".back")) back.remove();
  for (const marked of card.querySelectorAll("[id]")) marked.removeAttribute("id");
  card.addEventListener("pointerenter", () => clearTimeout(timer));
  card.addEventListener("pointerleave", closeSoon);
  main.append(card);
  link.setAttribute("aria-describedby", card.id);
  place(link);
};

for (const link of document.querySelectorAll("sup.note a[href^='#']")) {
  link.addEventListener("pointerenter", (event) => { if (event.pointerType !== "touch") show(link); });
  link.addEventListener("pointerleave", closeSoon);
  link.addEventListener("focus", () => { if (link.matches(":focus-visible")) show(link); });
  link.addEventListener("blur", () => { if (opener === link && !card?.matches(":hover")) close(); });
}
document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
