// The choice of colours: light, dark, or as the system has them. The browser keeps it; no cookie is set.
const menu = document.querySelector("[data-display]");
if (menu) {
  const radios = menu.querySelectorAll("[name='quire:theme']");
  const now = document.documentElement.dataset.theme ?? "system";
  for (const radio of radios) {
    radio.checked = radio.value === now;
    radio.addEventListener("change", () => {
      if (radio.value === "system") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = radio.value;
      try {
        localStorage.setItem("quire:theme", radio.value);
      } catch {
        // It holds for this page only.
      }
    });
  }
  menu.hidden = false;
}
