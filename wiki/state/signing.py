"""The server's secret, made once, by which it signs; and what is kept of texts that others hold."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert as upsert

from wiki.state.database import Database
from wiki.state.schema import secret

BYTES = 32
NAME = "server"


class Signing:
    """Signs texts; several workers sign alike, and so does the server after a restart."""

    def __init__(self, database: Database) -> None:
        self.secret = _made(database)

    def sign(self, purpose: str, text: str) -> str:
        """Return a signature of *text*, fit for a form or a cookie, which is good for one *purpose* only."""
        message = f"{purpose}\0{text}".encode("utf-8", "surrogatepass")
        return urlsafe_b64encode(hmac.digest(self.secret, message, "sha256")).decode().rstrip("=")

    def is_signed(self, purpose: str, text: str, signature: str) -> bool:
        """Say whether a signature is that of *text*; how long it takes tells nothing of it."""
        return hmac.compare_digest(
            self.sign(purpose, text).encode(), signature.encode("utf-8", "surrogatepass")
        )


def digested(text: str) -> bytes:
    """Return what is kept of a text that was made by chance: whoever holds it can be recognised, and it not be told."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _made(database: Database) -> bytes:
    """Return the secret of a state; of several processes that begin with it one makes it."""
    with database.reading() as db:
        found = db.scalar(select(secret.c.value).where(secret.c.name == NAME))
    if found is None:
        with database.writing() as db:
            new = upsert(secret).values(name=NAME, value=secrets.token_bytes(BYTES))
            db.execute(new.on_conflict_do_nothing())
            found = db.scalar(select(secret.c.value).where(secret.c.name == NAME))
    return bytes(found or b"")
