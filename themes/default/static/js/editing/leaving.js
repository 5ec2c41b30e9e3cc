// Whoever leaves the page with something unsaved is asked first; who changed nothing is not.
export const warnBeforeLeaving = (edit) => {
  let sent = false;
  const hold = (event) => {
    if (edit.changed && !sent) event.preventDefault();
  };
  // Only while it is needed: a page that listens is not kept for the way back.
  const listen = () => {
    if (edit.changed) addEventListener("beforeunload", hold);
    else removeEventListener("beforeunload", hold);
  };
  edit.onChange(() => {
    sent = false;
    listen();
  });
  addEventListener("submit", (event) => {
    if (event.target === edit.form && !event.defaultPrevented) sent = true;
  });
  addEventListener("pageshow", () => {
    sent = false;
    listen();
  });
  listen();
};
