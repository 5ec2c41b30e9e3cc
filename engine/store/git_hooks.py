"""Our hooks in a repository to which people push with a git that the wiki does not run, and the settings for them.

The settings are a file of their own, which one line of the repository's configuration includes: so taking that line away
is all that it takes to be rid of them. While the line is there and the hooks are not, git takes no push.
"""

import os
import secrets
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from itertools import groupby
from pathlib import Path

from engine.errors import StoreError
from engine.store.git_backend import ALONE, CHECKED, PROC_RECEIVE
from engine.store.git_process import FSYNC, no_git

SETTINGS = "quire-receive.config"
"""The file with the settings, beside the configuration that includes it."""

_MARK = "# Written by quire hook install; quire hook remove takes it away."


class Installation:
    """Hooks and settings of one repository.

    Args:
        common: Git's folder of the repository, which all its work trees share.
        hooks: The hooks, by name: what follows the line that says that they are ours.
        push_bytes: The size of a push.
    """

    def __init__(self, common: Path, hooks: Mapping[str, str], push_bytes: int) -> None:
        self._common = common
        self._config = common / "config"
        self._settings = common / SETTINGS
        self._values = (FSYNC, PROC_RECEIVE, ("receive.maxInputSize", str(push_bytes)), *ALONE, *CHECKED)
        self._hooks = {common / "hooks" / name: f"#!/bin/sh\n{_MARK}\n{text}" for name, text in hooks.items()}

    def missing(self) -> list[str]:
        """Say what is not there as it should be; nothing, where all is."""
        wanted = {**self._hooks, self._settings: self._text()}
        found = [f"{place} is {why}" for place, text in wanted.items() if (why := _differs(place, text))]
        if not self._is_included():
            found.append(f"{self._config} does not include {SETTINGS}")
        elif not found:
            found += self._overruled()
        return found + self._elsewhere()

    def install(self) -> list[str]:
        """Put all of it there, and return what was done; what is there as it should be stays.

        Raises:
            StoreError: A hook or a setting of somebody else is in the way, or a file cannot be written. The message says
                what to do. Nothing has changed.
        """
        for place in (*self._hooks, self._settings):
            if os.path.lexists(place) and not _is_ours(place):
                raise StoreError(f"{place} is there already, and not ours; move it away, and try again")
        if (self._common / "hooks").is_symlink():
            raise StoreError(
                f"{self._common / 'hooks'} is a link, and other repositories may use what is there; make it a folder"
            )
        for why in self._elsewhere():
            raise StoreError(why)
        with ExitStack() as undoing:
            # First the settings: as long as the hooks are not there, git takes no push. So they are undone last.
            undoing.callback(_putting_back(self._settings))
            done = list(_written(self._settings, self._text(), 0o644))
            if not self._is_included():
                undoing.callback(self._exclude)
                self._git("config", "--file", str(self._config), "--add", "include.path", SETTINGS)
                done.append(f"{self._config} includes {SETTINGS}")
            for why in self._overruled():
                raise StoreError(why)
            for place, text in self._hooks.items():
                undoing.callback(_putting_back(place))
                done += _written(place, text, 0o755)
            undoing.pop_all()
        return done

    def remove(self) -> list[str]:
        """Take all of it away that is ours, and return what was done.

        Raises:
            StoreError: A file cannot be removed.
        """
        done = []
        try:
            for place in self._hooks:
                if _is_ours(place):
                    place.unlink()
                    done.append(f"{place} is removed")
            if self._is_included():
                self._exclude()
                done.append(f"{self._config} includes {SETTINGS} no longer")
            if _is_ours(self._settings):
                self._settings.unlink()
                done.append(f"{self._settings} is removed")
        except OSError as error:
            raise StoreError(f"{error.filename} cannot be removed: {error.strerror}") from error
        return done

    def _exclude(self) -> None:
        line = ("--fixed-value", "--unset-all", "include.path", SETTINGS)
        self._git("config", "--file", str(self._config), *line)

    def _text(self) -> str:
        text = f"{_MARK}\n"
        for section, pairs in groupby(self._values, lambda pair: pair[0].rpartition(".")[0]):
            first, _, second = section.partition(".")
            text += f'[{first} "{second}"]\n' if second else f"[{first}]\n"
            text += "".join(f"\t{key.rpartition('.')[2]} = {value}\n" for key, value in pairs)
        return text

    def _is_included(self) -> bool:
        found = self._asked("config", "--file", str(self._config), "--get-all", "include.path")
        return SETTINGS in found.split("\n")

    def _overruled(self) -> list[str]:
        """Name our settings that others count over."""
        found = []
        for key, value in self._values:
            values = self._asked("config", "--get-all", key).split("\n")
            if value not in (values if key == PROC_RECEIVE[0] else values[-1:]):
                found.append(
                    f"the setting {key} is {values[-1]!r} and counts over ours, {value!r}; "
                    f"take it away: git -C {self._common} config --unset-all {key}"
                )
        return found

    def _elsewhere(self) -> list[str]:
        """Say where git would look for hooks, if not in the repository."""
        place = self._asked("config", "--type=path", "--get", "core.hooksPath")
        if not place or os.path.realpath(self._common / place) == os.path.realpath(self._common / "hooks"):
            return []
        return [
            f"the setting core.hooksPath is {place!r}, so git would run no hook of {self._common}; take it away, "
            f"git config --show-origin core.hooksPath tells where it is"
        ]

    def _asked(self, *arguments: str) -> str:
        return self._run(*arguments).stdout.decode(errors="surrogateescape").removesuffix("\n")

    def _git(self, *arguments: str) -> None:
        done = self._run(*arguments)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip() or "it gave no reason"
            raise StoreError(f"{self._config} cannot be changed: {said}")

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        """Run git as whoever pushes would: with all settings of the machine and of its user."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("GIT_") or name in {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"}
        }
        environment |= {"GIT_DIR": str(self._common), "LC_ALL": "C"}
        try:
            return subprocess.run(
                ["git", *arguments], capture_output=True, cwd=self._common, env=environment, check=False
            )
        except FileNotFoundError as error:
            raise no_git() from error


def _differs(place: Path, text: str) -> str:
    """Say in what way a file is not what it should be; empty where it is."""
    try:
        if place.read_text(encoding="utf-8", errors="surrogateescape") != text:
            return "another one"
    except OSError:
        return "not there"
    return "" if text.startswith(_MARK) or os.access(place, os.X_OK) else "no program"


def _putting_back(place: Path) -> Callable[[], None]:
    """Return what makes a file again what it is now, as far as it can."""
    try:
        text, mode = place.read_text(encoding="utf-8", errors="surrogateescape"), place.stat().st_mode & 0o777
    except OSError:
        text, mode = None, 0

    def put_back() -> None:
        with suppress(OSError, StoreError):
            if text is None:
                place.unlink(missing_ok=True)
            else:
                list(_written(place, text, mode))

    return put_back


def _is_ours(place: Path) -> bool:
    """Say whether we wrote a file, and not somebody else, nor a link to it."""
    if place.is_symlink():
        return False
    try:
        with place.open(encoding="utf-8", errors="replace") as file:
            return _MARK in (file.readline(200).rstrip("\n"), file.readline(200).rstrip("\n"))
    except (OSError, UnicodeError):
        return False


def _written(place: Path, text: str, mode: int) -> Iterator[str]:
    """Write a file whole, and say so, unless it is as it should be."""
    if not _differs(place, text):
        return
    temporary = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
    try:
        place.parent.mkdir(exist_ok=True)
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape")
        temporary.chmod(mode)
        temporary.replace(place)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StoreError(f"{place} cannot be written: {error.strerror}") from error
    yield f"{place} is written"
