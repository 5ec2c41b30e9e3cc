"""Where the state of a repository is kept, unless a setting says otherwise."""

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path


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
