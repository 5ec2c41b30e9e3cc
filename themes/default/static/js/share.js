// Sharing and printing, where the browser can: the buttons are hidden until then.
const status = document.getElementById("quire:status");
for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share && !navigator.clipboard) continue;
  button.parentElement.hidden = false;
  button.addEventListener("click", async () => {
    try {
      if (navigator.share) await navigator.share({ title: document.title, url: button.dataset.share });
      else {
        await navigator.clipboard.writeText(button.dataset.share);
        status.textContent = status.dataset.copied;
        button.classList.add("done");
        setTimeout(() => button.classList.remove("done"), 2000);
      }
    } catch (error) {
      if (error.name !== "AbortError") status.textContent = status.dataset.notCopied;
    }
  });
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.parentElement.hidden = false;
  button.addEventListener("click", () => print());
}
