"""`Diagnosis`: what an examination of a wiki's parts found, well or not."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # it works, and may not for long, or not safely
    ERROR = "error"  # something is wrong now


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at."""

    part: str  # what was looked at, a short stable word: "objects", "names", "index"
    level: Level
    message: str  # what is so
    advice: str = ""  # what to do; empty where all is well


def ok(part: str, message: str) -> Diagnosis:
    """Say that all is well."""
    return Diagnosis(part, Level.OK, message)


def warning(part: str, message: str, advice: str) -> Diagnosis:
    """Say what may go wrong."""
    return Diagnosis(part, Level.WARNING, message, advice)


def error(part: str, message: str, advice: str) -> Diagnosis:
    """Say what is wrong."""
    return Diagnosis(part, Level.ERROR, message, advice)
