// A draft that the browser keeps is dropped when the wiki says, by a cookie with the draft's key, that it was saved.
const said = /(?:^|; )quire_saved=([^;]*)/.exec(document.cookie);
if (said) {
  document.cookie = "quire_saved=; path=/; max-age=0; samesite=lax";
  try {
    const { key, name, id } = JSON.parse(sessionStorage.getItem("quire:sent") ?? "{}");
    if (key === decodeURIComponent(said[1])) {
      const left = JSON.parse(localStorage.getItem(name) ?? "[]").filter((draft) => draft.id !== id);
      if (left.length) localStorage.setItem(name, JSON.stringify(left));
      else localStorage.removeItem(name);
      sessionStorage.removeItem("quire:sent");
    }
  } catch { /* no storage, so there are no drafts in it */ }
}
