"""How a file came to have its tables: numbered steps, of which each was taken once.

A step that was published is never changed; what changes the tables is a new step at the end. The number of steps that
a file has taken is its ``user_version``.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from engine.errors import StoreError

MARK = 0x51756972
"""SQLite's ``application_id`` of such a file: "Quir"."""

BEGIN = (
    """CREATE TABLE account (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, login TEXT NOT NULL, "key" TEXT NOT NULL, look TEXT NOT NULL,
        name TEXT NOT NULL, name_look TEXT NOT NULL, email TEXT NOT NULL, role TEXT NOT NULL, disabled BOOLEAN NOT NULL,
        language TEXT NOT NULL, password TEXT NOT NULL, created INTEGER NOT NULL, UNIQUE ("key"), UNIQUE (look)
    )""",
    "CREATE INDEX ix_account_name_look ON account (name_look)",
    """CREATE TABLE session (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL, account INTEGER NOT NULL,
        created INTEGER NOT NULL, expires INTEGER NOT NULL, seen INTEGER NOT NULL, address TEXT NOT NULL,
        agent TEXT NOT NULL, UNIQUE (digest), FOREIGN KEY(account) REFERENCES account (id) ON DELETE CASCADE
    )""",
    "CREATE INDEX ix_session_account ON session (account)",
    "CREATE INDEX ix_session_expires ON session (expires)",
    """CREATE TABLE token (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL, start TEXT NOT NULL, name TEXT NOT NULL,
        look TEXT NOT NULL, account INTEGER, role TEXT NOT NULL, reads TEXT NOT NULL, writes TEXT NOT NULL,
        created INTEGER NOT NULL, expires INTEGER, used INTEGER, revoked INTEGER, UNIQUE (digest),
        FOREIGN KEY(account) REFERENCES account (id) ON DELETE CASCADE
    )""",
    "CREATE INDEX ix_token_account ON token (account)",
    "CREATE UNIQUE INDEX token_look ON token (look) WHERE revoked IS NULL",
    """CREATE TABLE invitation (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL, role TEXT NOT NULL, note TEXT NOT NULL,
        "by" TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER, login TEXT NOT NULL,
        UNIQUE (digest)
    )""",
    """CREATE TABLE reset (
        digest BLOB NOT NULL, account INTEGER NOT NULL, "by" TEXT NOT NULL, expires INTEGER NOT NULL,
        PRIMARY KEY (digest), UNIQUE (account), FOREIGN KEY(account) REFERENCES account (id) ON DELETE CASCADE
    )""",
    """CREATE TABLE draft (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, actor TEXT NOT NULL, page TEXT NOT NULL, path TEXT NOT NULL,
        base TEXT, text TEXT NOT NULL, summary TEXT NOT NULL, saved INTEGER NOT NULL, UNIQUE (actor, page)
    )""",
    """CREATE TABLE audit (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
        target TEXT NOT NULL, address TEXT NOT NULL, detail TEXT NOT NULL
    )""",
    "CREATE INDEX ix_audit_time ON audit (time)",
    "CREATE INDEX audit_who ON audit (who, id)",
    "CREATE INDEX audit_what ON audit (what, id)",
    """CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN
        SELECT RAISE(ABORT, 'what was written down is never changed');
    END""",
    """CREATE TABLE rate ("key" BLOB NOT NULL, until FLOAT NOT NULL, PRIMARY KEY ("key"))""",
    """CREATE TABLE protection (
        page TEXT NOT NULL, path TEXT NOT NULL, role TEXT NOT NULL, "by" TEXT NOT NULL, time INTEGER NOT NULL,
        reason TEXT NOT NULL, PRIMARY KEY (page)
    )""",
    "CREATE TABLE secret (name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (name))",
)

# The path of a section's draft held its anchor as well, behind the last "#"; no anchor has a point.
SECTIONS_OF_DRAFTS = (
    "ALTER TABLE draft ADD COLUMN section TEXT DEFAULT '' NOT NULL",
    """UPDATE draft SET section = substr(path, length(rtrim(path, replace(path, '#', ''))) + 1)
        WHERE path LIKE '%#%' AND path NOT LIKE '%.md' AND path NOT LIKE '%.markdown'""",
    "UPDATE draft SET path = substr(path, 1, length(path) - length(section) - 1) WHERE section <> ''",
)

FIELDS_OF_DRAFTS = ("ALTER TABLE draft ADD COLUMN fields TEXT DEFAULT '' NOT NULL",)

PUSHES = (
    """CREATE TABLE push (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, who TEXT NOT NULL, name TEXT NOT NULL,
        email TEXT NOT NULL
    )""",
    """CREATE TABLE pushed (
        "commit" BLOB NOT NULL, push INTEGER NOT NULL, PRIMARY KEY ("commit"),
        FOREIGN KEY(push) REFERENCES push (id)
    ) WITHOUT ROWID""",
)

WEBHOOKS = (
    """CREATE TABLE webhook (
        hook TEXT NOT NULL, cursor TEXT NOT NULL, span INTEGER NOT NULL, tries INTEGER NOT NULL, failing INTEGER,
        next INTEGER NOT NULL, succeeded INTEGER, error TEXT NOT NULL, skipped INTEGER, unsaid BOOLEAN NOT NULL,
        PRIMARY KEY (hook)
    )""",
)

MIRROR = (
    """CREATE TABLE mirror (
        remote TEXT NOT NULL, standing TEXT NOT NULL, looked INTEGER, brought INTEGER, sent INTEGER,
        tries INTEGER NOT NULL, failing INTEGER, next INTEGER NOT NULL, error TEXT NOT NULL, reasons TEXT NOT NULL,
        conflicts INTEGER NOT NULL, asked INTEGER NOT NULL, answered INTEGER NOT NULL, PRIMARY KEY (remote)
    )""",
    """CREATE TABLE mirror_decision (
        question TEXT NOT NULL, path TEXT NOT NULL, choice TEXT NOT NULL, text TEXT NOT NULL, name TEXT NOT NULL,
        email TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (question)
    )""",
)

DELIVERIES = (
    """CREATE TABLE delivery (
        "key" BLOB NOT NULL, time INTEGER NOT NULL, done BOOLEAN NOT NULL, PRIMARY KEY ("key")
    )""",
    "CREATE INDEX ix_delivery_time ON delivery (time)",
)

STEPS: Sequence[Sequence[str]] = (
    BEGIN,
    SECTIONS_OF_DRAFTS,
    FIELDS_OF_DRAFTS,
    PUSHES,
    WEBHOOKS,
    DELIVERIES,
    MIRROR,
)


def migrate(db: Connection, steps: Sequence[Sequence[str]] = STEPS) -> None:
    """Take the steps that a file has not taken yet, within the transaction of *db*.

    Raises:
        StoreError: The file is of a later version of the program, or no state at all; nothing was changed.
    """
    taken, mark = _number(db, "user_version"), _number(db, "application_id")
    if mark != MARK and (taken or _number(db, "schema_version")):
        raise StoreError("it is a database of something else; name another folder with --data")
    if taken > len(steps):
        raise StoreError(
            f"it was written by a later version of Quire ({taken}, this one knows {len(steps)});"
            " use that version, or name another folder with --data"
        )
    for step in steps[taken:]:
        for statement in step:
            db.exec_driver_sql(statement)
    if taken < len(steps):
        db.exec_driver_sql(f"PRAGMA application_id = {MARK}")
        db.exec_driver_sql(f"PRAGMA user_version = {len(steps)}")


def _number(db: Connection, pragma: str) -> int:
    return int(db.exec_driver_sql(f"PRAGMA {pragma}").scalar_one())
