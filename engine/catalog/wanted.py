"""`Wanted`: one link target as seen from one folder, and the paths that it may mean."""

from dataclasses import dataclass

from engine.ids import fold_path, page_stem


@dataclass(frozen=True, slots=True)
class Wanted:
    """One target as seen from one folder."""

    folder: str
    target: str
    here: str | None  # the path it means from the folder, None above the root
    root: str | None  # and from the root
    explicit: bool  # it says where it is

    @classmethod
    def of(cls, folder: str, target: str) -> "Wanted":
        """Say what *target*, as it is written on a page in *folder*, may mean."""
        explicit = target.startswith(("/", "./", "../")) or target in {".", ".."}
        root = join("", target.lstrip("/")) if target.startswith("/") or not explicit else None
        here = root if target.startswith("/") else join(folder, target)
        return cls(folder, target, here, root, explicit)

    @property
    def pair(self) -> tuple[str, str]:
        """The folder and the target."""
        return (self.folder, self.target)

    @property
    def places(self) -> tuple[str, ...]:
        """The paths it may mean, first from the folder."""
        return tuple(dict.fromkeys(place for place in (self.here, self.root) if place is not None))

    @property
    def suffix_key(self) -> str:
        """The key that the end of a path has to have, empty where nothing is left of the target."""
        return fold_path(stem(self.target.strip("/")))

    @property
    def wish(self) -> str:
        """The path of a page or file that, if it were made, would be what the target means."""
        place = self.here if self.explicit else self.root
        return self.target if place is None else stem(place)


def stem(path: str) -> str:
    """Return a path without its page suffix, if it has one."""
    return page_stem(path) or path


def join(folder: str, target: str) -> str | None:
    """Apply a relative path to a folder; ``None`` when it climbs above the root."""
    parts = folder.split("/") if folder else []
    for part in target.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)
