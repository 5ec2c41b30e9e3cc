"""The chosen theme first, then default: where templates and assets are looked for."""

from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.security import safe_join

from engine.site import Site
from wiki import current

DEFAULT = "default"


def shipped(name: str) -> Path:
    """Return a folder that comes with the program: beside the packages in a checkout, inside them when installed."""
    installed = Path(__file__).parent / "_shipped" / name
    return installed if installed.is_dir() else Path(__file__).parent.parent / name


class Themes:
    """The themes of one application: those that are shipped, and those in a folder of its own.

    A theme is a folder with a ``theme.toml``; what it lacks, the default theme has.
    """

    def __init__(self, app: Flask, folder: Path | None = None) -> None:
        self._app = app
        roots = [shipped("themes"), *([folder] if folder else [])]
        self._default = roots[0] / DEFAULT
        self._themes = {
            file.parent.name: file.parent for root in roots for file in sorted(root.glob("*/theme.toml"))
        }
        self._environments: dict[str, Environment] = {}
        self._versions: dict[Path, str] = {}
        self.stamp = self._stamp()

    def render(self, template: str, **context: Any) -> str:
        """Render a template of the site's theme, with what every template knows."""
        snapshot = current.current_snapshot() if current.has_snapshot() else None
        site = snapshot.site if snapshot else Site()
        environment = self._environment(site.theme)
        return environment.get_template(template).render(
            site=site,
            commit=snapshot.commit if snapshot else None,
            complete=snapshot.complete if snapshot else True,
            **context,
        )

    def asset(self, theme: str, path: str) -> Path | None:
        """Return a theme's asset, the default theme's where it has none, ``None`` when neither has."""
        for folder in self._folders(theme):
            found = safe_join(str(folder / "static"), path)
            with suppress(OSError):  # a name too long for a file
                if found is not None and Path(found).is_file():
                    return Path(found)
        return None

    def _folders(self, theme: str) -> Iterator[Path]:
        own = self._themes.get(theme, self._default)
        if own != self._default:
            yield own
        yield self._default

    def _environment(self, theme: str) -> Environment:
        if theme not in self._themes:
            theme = DEFAULT
        if theme not in self._environments:
            folders = [folder / "templates" for folder in self._folders(theme)]
            environment = self._app.jinja_env.overlay(
                loader=FileSystemLoader(folders),
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
            )
            environment.globals = {**environment.globals, "asset": lambda path: self._asset_url(theme, path)}
            self._environments[theme] = environment
        return self._environments[theme]

    def version(self, theme: str, path: str) -> str:
        """Return a digest of an asset's content, empty when there is none."""
        found = self.asset(theme, path)
        if found is None:
            return ""
        if found not in self._versions:
            self._versions[found] = sha256(found.read_bytes()).hexdigest()[:12]
        return self._versions[found]

    def _asset_url(self, theme: str, path: str) -> str:
        """Return an asset's URL with a digest of its content, so that browsers may keep it for ever."""
        return f"/-/static/{quote(theme)}/{quote(path)}?v={self.version(theme, path)}"

    def _stamp(self) -> str:
        """Digest all files of all themes, as answers depend on them."""
        digest = sha256()
        for folder in (self._default, *self._themes.values()):
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    digest.update(f"{folder.name}/{file.relative_to(folder)}\0".encode() + file.read_bytes())
        return digest.hexdigest()
