// Puts on the colours that the reader chose, before anything is painted. The one script that a page waits for.
{
  let chosen = null;
  try {
    chosen = localStorage.getItem("quire:theme");
  } catch {
    // The browser keeps nothing: the colours are those of the system.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
