"""The tables as they are now; `migrations` tells how a file came to have them, and a test that both agree.

Times are whole seconds since 1970, UTC. What is secret is kept as a digest, so that a copy of the file opens nothing.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),  # the login as it is compared, see `names.key`
    Column("look", Text, nullable=False, unique=True),  # how it looks, see `names.look`
    Column("name", Text, nullable=False),  # as it stands in commits; empty: the login
    Column("name_look", Text, nullable=False, index=True),
    Column("email", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("language", Text, nullable=False),  # of the interface; empty: what the browser asks for
    Column("password", Text, nullable=False),  # argon2id, encoded; empty: none that would do
    Column("created", Integer, nullable=False),
    sqlite_autoincrement=True,  # the number of an account that was removed is never given again
)

session = Table(
    "session",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),  # SHA-256 of what the cookie holds
    Column("account", ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created", Integer, nullable=False),
    Column("expires", Integer, nullable=False, index=True),
    Column("seen", Integer, nullable=False),  # some minutes behind, so that reading seldom writes
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),  # the browser, as it calls itself
    sqlite_autoincrement=True,
)

token = Table(
    "token",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),  # SHA-256 of the token
    Column("start", Text, nullable=False),  # its first characters, by which people recognise it
    Column("name", Text, nullable=False),
    Column("look", Text, nullable=False),
    Column("account", ForeignKey("account.id", ondelete="CASCADE"), index=True),  # NULL: of nobody
    Column("role", Text, nullable=False),
    Column("reads", Text, nullable=False),  # JSON, a list of patterns
    Column("writes", Text, nullable=False),
    Column("created", Integer, nullable=False),
    Column("expires", Integer),  # NULL: never
    Column("used", Integer),
    Column("revoked", Integer),
    sqlite_autoincrement=True,
)
Index("token_look", token.c.look, unique=True, sqlite_where=token.c.revoked.is_(None))

invitation = Table(
    "invitation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("note", Text, nullable=False),  # for whom it is
    Column("by", Text, nullable=False),
    Column("created", Integer, nullable=False),
    Column("expires", Integer, nullable=False),
    Column("used", Integer),
    Column("login", Text, nullable=False),  # of the account that it became; empty: none yet
    sqlite_autoincrement=True,
)

reset = Table(
    "reset",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("account", ForeignKey("account.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("by", Text, nullable=False),
    Column("expires", Integer, nullable=False),
)

draft = Table(
    "draft",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("page", Text, nullable=False),  # its lineage, else its path, see `pages`; and the section
    Column("path", Text, nullable=False),
    Column("base", Text),  # the blob that the edit began from; NULL: a new page
    Column("text", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("saved", Integer, nullable=False),
    Column("section", Text, nullable=False, server_default=""),  # its anchor; empty: all of the page
    Column(
        "fields", Text, nullable=False, server_default=""
    ),  # JSON of what was typed beside the text, or empty
    UniqueConstraint("actor", "page"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("time", Integer, nullable=False, index=True),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("audit_who", audit.c.who, audit.c.id)
Index("audit_what", audit.c.what, audit.c.id)

rate = Table(
    "rate",
    metadata,
    Column(
        "key", LargeBinary, primary_key=True
    ),  # a digest: what was typed may be a password in the wrong field
    Column("until", Float, nullable=False),  # the moment at which all was given back
)

protection = Table(
    "protection",
    metadata,
    Column("page", Text, primary_key=True),  # as that of a draft
    Column("path", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("time", Integer, nullable=False),
    Column("reason", Text, nullable=False),
)

push = Table(
    "push",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("time", Integer, nullable=False),
    Column("who", Text, nullable=False),  # the login, or the name of the token
    Column("name", Text, nullable=False),  # whom their own commits name
    Column("email", Text, nullable=False),
    sqlite_autoincrement=True,
)

pushed = Table(
    "pushed",
    metadata,
    Column("commit", LargeBinary, primary_key=True),
    Column("push", ForeignKey("push.id"), nullable=False),
    sqlite_with_rowid=False,
)

secret = Table(
    "secret",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    Column("key", LargeBinary, primary_key=True),  # the same for whatever is signed alike
    Column("time", Integer, nullable=False, index=True),
    Column("done", Boolean, nullable=False),  # no: somebody is at it, or was when their process died
)

webhook = Table(
    "webhook",
    metadata,
    Column("hook", Text, primary_key=True),  # a digest of the address, which may open something
    Column("cursor", Text, nullable=False),  # up to which it was told, see `engine.change_feed`
    Column(
        "span", Integer, nullable=False
    ),  # commits of the delivery that was not acknowledged; 0: there is none
    Column("tries", Integer, nullable=False),  # that failed, since the last one that did not
    Column("failing", Integer),  # since when; NULL: it is not
    Column("next", Integer, nullable=False),  # not before then
    Column("succeeded", Integer),  # when last
    Column("error", Text, nullable=False),  # of the last try that failed
    Column("skipped", Integer),  # when commits were given up last
    Column("unsaid", Boolean, nullable=False),  # of which it was not told yet
)

mirror = Table(
    "mirror",
    metadata,
    Column("remote", Text, primary_key=True),  # a digest of its address and branch
    Column("standing", Text, nullable=False),  # see `engine.mirroring.Standing`; empty: nobody looked yet
    Column("looked", Integer),  # when last, and it answered
    Column("brought", Integer),  # when something came from it last
    Column("sent", Integer),  # when something went there last
    Column("tries", Integer, nullable=False),  # that failed, since the last one that did not
    Column("failing", Integer),  # since when; NULL: it is not
    Column("next", Integer, nullable=False),  # not before then, unless somebody asks
    Column("error", Text, nullable=False),  # of the last try that failed
    Column("reasons", Text, nullable=False),  # why what is there is refused, a line each
    Column("conflicts", Integer, nullable=False),  # of which somebody has to decide
    Column("asked", Integer, nullable=False),  # how often somebody asked for it
    Column("answered", Integer, nullable=False),  # how many of these times are dealt with
)

mirror_decision = Table(
    "mirror_decision",
    metadata,
    Column("question", Text, primary_key=True),  # see `engine.mirroring.Disagreement`
    Column("path", Text, nullable=False),
    Column("choice", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("name", Text, nullable=False),  # whom the commit names that joins both sides
    Column("email", Text, nullable=False),
    Column("time", Integer, nullable=False),
)
