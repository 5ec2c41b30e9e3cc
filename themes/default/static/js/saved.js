// Drafts that the browser keeps are dropped when the wiki says, by a cookie with their keys, that they were saved.
const said = /(?:^|; )quire_saved=([^;]*)/.exec(document.cookie);
if (said) {
  document.cookie = "quire_saved=; path=/; max-age=0; samesite=lax";
  try {
    const sent = JSON.parse(sessionStorage.getItem("quire:sent") ?? "{}");
    for (const key of said[1].split("&").map(decodeURIComponent)) {
      if (!Object.hasOwn(sent, key)) continue;
      const { name, id } = sent[key];
      const left = JSON.parse(localStorage.getItem(name) ?? "[]").filter((draft) => draft.id !== id);
      if (left.length) localStorage.setItem(name, JSON.stringify(left));
      else localStorage.removeItem(name);
      delete sent[key];
    }
    sessionStorage.setItem("quire:sent", JSON.stringify(sent));
  } catch { /* no storage, so there are no drafts in it */ }
}
