// What of a page's text a reader cannot get at: wider than the window, or cut off by a box that does not scroll.
() => {
  const found = [];
  const root = document.scrollingElement;
  const width = root.clientWidth;
  if (root.scrollWidth > width) {
    const wide = Array.from(document.body.querySelectorAll("*")).filter((element) => {
      const { left, right } = element.getBoundingClientRect();
      return right > width + 1 || left < -1;
    });
    const named = wide.slice(-3).map((element) => `${element.tagName} ${element.className}`);
    found.push(`the page scrolls sideways: ${root.scrollWidth} in ${width}; ${named.join(", ")}`);
  }
  const styles = new Map();
  const style = (element) => {
    if (!styles.has(element)) styles.set(element, getComputedStyle(element));
    return styles.get(element);
  };
  // For screen readers alone, or until it has the focus.
  const isHidden = (element) => {
    for (let around = element; around; around = around.parentElement) if (style(around).clipPath === "inset(50%)") return true;
    return false;
  };
  const clips = (overflow) => overflow === "hidden" || overflow === "clip";
  const scrolls = (overflow) => overflow === "auto" || overflow === "scroll";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() && found.length < 10) {
    const text = walker.currentNode;
    const parent = text.parentElement;
    if (!text.data.trim() || !parent.checkVisibility({ visibilityProperty: true }) || isHidden(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const box of range.getClientRects()) {
      if (!box.width || !box.height) continue;
      const problem = (what) => found.push(`${what}: ${text.data.trim().slice(0, 60)} (${parent.tagName} ${parent.className})`);
      let sideways = true; // whether nothing around it scrolls that way
      for (let around = parent; around && around !== document.documentElement; around = around.parentElement) {
        const { overflowX, overflowY, position } = style(around);
        const edge = around.getBoundingClientRect();
        if (sideways && clips(overflowX) && (box.left < edge.left - 1 || box.right > edge.right + 1)) problem("cut off at a side");
        if (clips(overflowY) && (box.top < edge.top - 2 || box.bottom > edge.bottom + 2)) problem("cut off above or below");
        if (scrolls(overflowX)) sideways = false;
        if (scrolls(overflowY) || position === "fixed") break;
      }
      if (sideways && (box.left < -1 || box.right > width + 1)) problem("outside of the window");
      break; // the first line tells enough
    }
  }
  return found;
}
