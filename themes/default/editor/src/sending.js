// Sends a file to the wiki, and tells how far it is.
import { word } from "../../static/js/editing/words.js";

/**
 * @param how `name`, and `replace` with the `base` of the file that it is to replace.
 * @param told Called with the percentage that is sent.
 * @returns `{ status, json, reason }`: status 0 where no answer came; json where the answer was such.
 */
export const send = (edit, file, how, told) => new Promise((done) => {
  const fields = new FormData();
  for (const [name, value] of Object.entries({ csrf: edit.csrf, page: edit.page, ...how })) fields.append(name, value);
  fields.append("file", file, how.name);
  const request = new XMLHttpRequest(); // fetch does not tell how far it is
  request.open("POST", edit.form.dataset.upload);
  request.setRequestHeader("Accept", "application/json");
  request.upload.addEventListener("progress", ({ loaded, total }) => told(Math.floor((loaded / total) * 100)));
  request.addEventListener("loadend", () => {
    const { status, responseText } = request;
    let json = null;
    try {
      json = JSON.parse(responseText);
    } catch { /* a page, or nothing */ }
    const login = status === 401 || status === 403 || (status === 200 && !json);
    done({ status, json, reason: login ? word("signed_out") : status ? word("refused", { status }) : word("unreachable") });
  });
  request.send(fields);
});
