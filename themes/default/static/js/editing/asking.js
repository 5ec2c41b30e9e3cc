// Asks the wiki something with what is being written.

/** An answer that is not what was asked for; `status` is 0 where none came. */
export class AskingError extends Error {
  constructor(status) {
    super(`the wiki answered ${status}`);
    this.status = status;
  }
}

/** Return the answer to a GET, or with *fields* to a POST. One that leads elsewhere, as to a login, is an error. */
export const ask = async (address, { fields, ...options } = {}) => {
  const how = fields ? { method: "POST", body: new URLSearchParams(fields) } : {};
  const answer = await fetch(address, { ...how, ...options });
  if (!answer.ok || answer.redirected) throw new AskingError(answer.redirected ? 401 : answer.status);
  return answer;
};

/** Say in words why an answer did not come. */
export const reason = (error, word) => {
  if (!(error instanceof AskingError)) return word("unreachable");
  return error.status === 401 || error.status === 403 ? word("signed_out") : word("refused", { status: error.status });
};
