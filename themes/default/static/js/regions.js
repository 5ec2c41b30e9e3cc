// Tables and code that are wider than their place can be focused and scrolled, and are announced; others are not.
// They are groups, as regions are landmarks, and a page with twenty tables would have twenty of them.
const words = document.getElementById("quire:status")?.dataset ?? {};
const look = (entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) {
      target.tabIndex = 0;
      target.setAttribute("role", "group");
      const caption = target.querySelector("caption")?.textContent.trim();
      target.setAttribute("aria-label", caption || (target.matches("pre") ? words.code : words.table));
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) target.removeAttribute(name);
    }
  }
};
if ("ResizeObserver" in window) {
  const observer = new ResizeObserver(look);
  for (const box of document.querySelectorAll(".content .table, .content pre")) observer.observe(box);
}
