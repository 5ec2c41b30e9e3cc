// Sidebar and contents: open beside the text on a wide screen, folded over it on a narrow one.
const widths = { sidebar: matchMedia("(min-width: 78rem)"), contents: matchMedia("(min-width: 60rem)") };
for (const [place, wide] of Object.entries(widths)) {
  const fold = document.querySelector(`nav.${place} > details.fold`);
  if (!fold) continue;
  const follow = () => { fold.open = wide.matches; };
  wide.addEventListener("change", follow);
  follow();
}
// On a narrow screen, who has chosen a heading wants to read there.
document.querySelector("nav.contents ul")?.addEventListener("click", (event) => {
  if (event.target.closest("a") && !widths.contents.matches) event.target.closest("details").open = false;
});
// In a long sidebar, the page that is read stands in sight.
const here = document.querySelector("nav.sidebar [aria-current]");
if (here && widths.sidebar.matches) {
  const box = here.closest("details");
  const above = here.getBoundingClientRect().bottom - box.getBoundingClientRect().top;
  if (above > box.clientHeight) box.scrollTop = above - box.clientHeight / 2;
}
