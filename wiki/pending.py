"""Files that were uploaded and cannot be saved before their owner has decided something; they can be for an hour.

Each is found by an id that cannot be guessed, together with the name of who sent it. They are beside the state, and in
no backup: whoever loses one has the file still, and picks it again. What is older than an hour is removed when the
server starts, and with every upload.
"""

import os
import tempfile
import time
from collections import Counter
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe

SECONDS = 3_600.0
CAPACITY = 500_000_000  # bytes of all together; beyond it the oldest go
OWN = 100_000_000  # bytes of one owner; beyond it their oldest go
_SEPARATOR = "\n"


class Pending:
    """Keeps them in a folder, which several processes share.

    Args:
        folder: It is made when it is needed.
        capacity: Bytes that are kept.
        own: Bytes that are kept for one owner.
    """

    def __init__(self, folder: Path, capacity: int = CAPACITY, own: int = OWN) -> None:
        self._folder = folder
        self._capacity = capacity
        self._own = own

    def keep(self, owner: str, content: bytes) -> str:
        """Keep a file; return the id by which *owner* finds it again."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        identity = token_urlsafe(24)
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".", delete=False) as file:
            file.write(content)
        Path(file.name).replace(self._place(owner, identity))
        self.sweep()
        return identity

    def get(self, owner: str, identity: str) -> bytes | None:
        """Return a file, ``None`` where *owner* has none of that id any more."""
        place = self._place(owner, identity)
        with suppress(OSError):
            if time.time() - place.stat().st_mtime <= SECONDS:
                return place.read_bytes()
        return None

    def drop(self, owner: str, identity: str) -> None:
        """Forget a file."""
        self._place(owner, identity).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what is too old, and the oldest where there is too much; the newest stays, however large it is."""
        now, files = time.time(), []
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        status = entry.stat(follow_symlinks=False)
                        files.append((status.st_mtime, status.st_size, Path(entry.path)))
        except FileNotFoundError:
            return
        total, own = 0, Counter[str]()
        for changed, size, path in sorted(files, reverse=True):
            whose = path.name.partition("-")[0]
            others, own[whose] = own[whose], own[whose] + size
            too_much = (others and own[whose] > self._own) or (total and total + size > self._capacity)
            if now - changed > SECONDS or too_much:
                path.unlink(missing_ok=True)
            else:
                total += size

    def _place(self, owner: str, identity: str) -> Path:
        return self._folder / f"{_name(owner)[:16]}-{_name(f'{owner}{_SEPARATOR}{identity}')}"


def _name(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()
