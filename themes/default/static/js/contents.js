// The contents follow the reader: the heading under which they read is marked, and kept in sight.
const list = document.querySelector("nav.contents ul");
if (list && "IntersectionObserver" in window) {
  const links = new Map();
  for (const link of list.querySelectorAll("a")) {
    const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (heading) links.set(heading, link);
  }
  let current = null;
  const mark = () => {
    let found = null;
    for (const heading of links.keys()) {
      if (heading.getBoundingClientRect().top > innerHeight * 0.3) break;
      found = heading;
    }
    if (found === current) return;
    links.get(current)?.removeAttribute("aria-current");
    current = found;
    const link = links.get(found);
    if (!link) return;
    link.setAttribute("aria-current", "location");
    const box = list.parentElement;
    const above = link.getBoundingClientRect().top - box.getBoundingClientRect().top;
    if (above < 40 || above > box.clientHeight - 60) box.scrollTop += above - box.clientHeight / 2;
  };
  // A heading crosses the line three tenths down the window, in either direction.
  const observer = new IntersectionObserver(mark, { rootMargin: "0px 0px -70% 0px" });
  for (const heading of links.keys()) observer.observe(heading);
}
