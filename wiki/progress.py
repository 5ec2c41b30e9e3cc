"""A progress bar for the terminal; where nobody watches, a line a stage."""

import time
from typing import Self, TextIO

LABELS = {"pages": "reading pages", "history": "reading history", "index": "indexing", "checking": "checking"}
WIDTH = 32
SECONDS = 0.1  # between two drawings


class Bar:
    """Draws the progress of one stage after another on one line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._watched = stream.isatty()
        self._stage = ""
        self._drawn = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def show(self, stage: str, done: int, total: int) -> None:
        """Show how much of a stage is done."""
        if stage != self._stage:
            self._end()
            self._stage = stage
        elif done < total and time.monotonic() - self._drawn < SECONDS:
            return
        self._drawn = time.monotonic()
        if self._watched:
            filled = WIDTH * done // total if total else WIDTH
            label = LABELS.get(stage, stage)
            self._stream.write(f"\r{label:16} [{'#' * filled:{WIDTH}}] {done:,} of {total:,}")
            self._stream.flush()
        elif done >= total:
            self._stream.write(f"{LABELS.get(stage, stage)}: {done:,}\n")

    def clear(self) -> None:
        """Make room for a line of something else; the next drawing begins anew."""
        if self._watched and self._drawn:
            self._stream.write("\r\033[K")
            self._stream.flush()
            self._drawn = 0.0

    def _end(self) -> None:
        if self._stage and self._watched:
            self._stream.write("\n")
        self._stage = ""
