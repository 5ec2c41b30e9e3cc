"""Files that were uploaded and cannot be saved before their owner has decided something; kept for an hour at most.

Each is found by an id that cannot be guessed, together with the name of who sent it. They are beside the state, and in
no backup: whoever loses one has the file still, and picks it again.
"""

import os
import tempfile
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe

SECONDS = 3_600.0
CAPACITY = 500_000_000  # bytes; beyond it the oldest go
_SEPARATOR = "\n"


class Pending:
    """Keeps them in a folder, which several processes share.

    Args:
        folder: It is made when it is needed.
        capacity: Bytes that are kept.
    """

    def __init__(self, folder: Path, capacity: int = CAPACITY) -> None:
        self._folder = folder
        self._capacity = capacity

    def keep(self, owner: str, content: bytes) -> str:
        """Keep a file; return the id by which *owner* finds it again."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        identity = token_urlsafe(24)
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".", delete=False) as file:
            file.write(content)
        Path(file.name).replace(self._place(owner, identity))
        self._sweep()
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

    def _place(self, owner: str, identity: str) -> Path:
        return self._folder / sha256(f"{owner}{_SEPARATOR}{identity}".encode("utf-8", "replace")).hexdigest()

    def _sweep(self) -> None:
        """Remove what is too old, and the oldest where there is too much."""
        files = []
        for entry in os.scandir(self._folder):
            with suppress(FileNotFoundError):
                status = entry.stat(follow_symlinks=False)
                files.append((status.st_mtime, status.st_size, Path(entry.path)))
        kept, now = 0, time.time()
        for changed, size, path in sorted(files, reverse=True):
            kept += size
            if now - changed > SECONDS or kept > self._capacity:
                path.unlink(missing_ok=True)
