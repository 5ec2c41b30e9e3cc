"""Where the state of a repository is kept, unless a setting says otherwise."""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from wiki.state.database import FILE


def data_folder(common: Path, environment: Mapping[str, str]) -> Path:
    """Return the folder for the state of a repository, within the user's own folder for data.

    Args:
        common: Git's folder of the repository, which all its work trees share.
        environment: Usually ``os.environ``.

    Source:
        XDG Base Directory Specification 0.8: a relative path is left aside.
    """
    given = environment.get("XDG_DATA_HOME", "")
    home = environment.get("HOME") or str(Path.home())
    data = Path(given) if given.startswith("/") else Path(home) / ".local" / "share"
    whole = common.resolve()
    own = whole.parent.name if whole.name == ".git" else whole.name.removesuffix(".git")
    name = re.sub(r"[^\w.-]+", "-", own).strip("-.") or "wiki"
    return data / "quire" / f"{name}-{sha256(str(whole).encode()).hexdigest()[:12]}"


def has_accounts(folder: Path) -> bool:
    """Say whether the state in a folder has an account, and change nothing: not even its version, or that there is none.

    Where it cannot be read nothing is known of any account, so there is none.
    """
    try:
        with closing(sqlite3.connect(f"{(folder / FILE).resolve().as_uri()}?mode=ro", uri=True)) as db:
            return db.execute("SELECT 1 FROM account LIMIT 1").fetchone() is not None
    except sqlite3.Error:
        return False
