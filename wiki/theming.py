"""The chosen theme first, then default: where templates and assets are looked for."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask, g, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.security import safe_join

from engine.frame import Frame
from engine.ids import url_path
from engine.model import Name
from engine.site import Site
from wiki import current

DEFAULT = "default"

BUNDLES: Mapping[str, tuple[str, ...]] = {
    "css/reading.css": tuple(
        f"css/{name}.css"
        for name in ("variables", "base", "layout", "content", "code", "lists", "forms", "own", "print")
    ),
    "js/reading.js": tuple(
        f"js/{name}.js"
        for name in (
            "folds",
            "menus",
            "suggest",
            "tree",
            "display",
            "contents",
            "cards",
            "regions",
            "copy",
            "share",
            "saved",
            "own",
        )
    ),
}
"""Assets that are several files in one answer: a browser asks once, and a theme replaces them one by one.

A script in a bundle is a module without imports and exports, and runs in a block of its own. ``own`` is for themes,
the default one has none. Of ``variables`` the default theme's come first, so that a theme names only those it changes.
"""
_ADDRESS = re.compile(rb'url\("\.\./([\w./-]+)"\)')


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
        self._versions: dict[Path | tuple[str, str], str] = {}
        self._bundles: dict[tuple[str, str], bytes] = {}
        self.stamp = self._stamp()

    def render(self, template: str, *, place: str = "", beside: Name | None = None, **context: Any) -> str:
        """Render a template of the site's theme, with what every template knows.

        Args:
            place: The folder whose sidebar stands beside it.
            beside: The page that is shown, or that the answer is about.
        """
        # Who may not read is not even told what the wiki is called.
        known = current.has_snapshot() and current.viewer().may_read
        snapshot = current.current_snapshot() if known else None
        site = snapshot.site if snapshot else Site()
        environment = self._environment(site.theme)
        return environment.get_template(template).render(
            site=site,
            here=url_path(request.path[1:]),
            at=beside.url if beside else "",
            commit=snapshot.commit if snapshot else None,
            may_write=snapshot.offers_change if snapshot and current.is_readable() else lambda path: False,
            complete=snapshot.complete if snapshot else True,
            stale=g.get("stale", False),
            unsent=request.args.get("late", "") if current.site().settings.durability == "remote" else "",
            viewer=current.viewer(),
            frame=snapshot.frame(place, beside.path if beside else "")
            if snapshot and current.is_readable()
            else Frame(),
            **context,
        )

    def part(self, template: str, **context: Any) -> str:
        """Render a template that is a part of a page, with nothing around it."""
        theme = current.current_snapshot().site.theme if current.has_snapshot() else DEFAULT
        return self._environment(theme).get_template(template).render(**context)

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
            environment.globals = {
                **environment.globals,
                "asset": lambda path: self._asset_url(theme, path),
                "has_asset": lambda path: self.asset(theme, path) is not None,
            }
            self._environments[theme] = environment
        return self._environments[theme]

    def content(self, theme: str, path: str) -> bytes | None:
        """Return what an asset or a bundle holds, ``None`` when there is none."""
        if theme not in self._themes:
            theme = DEFAULT
        if path in BUNDLES:
            if (theme, path) not in self._bundles:
                self._bundles[theme, path] = self._bundle(theme, path)
            return self._bundles[theme, path]
        found = self.asset(theme, path)
        if found is None:
            return None
        return self._versioned(theme, found.read_bytes()) if path.endswith(".css") else found.read_bytes()

    def _bundle(self, theme: str, path: str) -> bytes:
        """Join the files of a bundle."""
        parts = []
        for name in BUNDLES[path]:
            own = self.asset(theme, name)
            first = self._default / "static" / name
            files = [first, own] if name == "css/variables.css" and own != first else [own]
            parts += [file.read_bytes().rstrip() + b"\n" for file in files if file is not None]
        if path.endswith(".js"):
            return b"".join(b"{\n" + part + b"}\n" for part in parts)
        return self._versioned(theme, b"".join(parts))

    def _versioned(self, theme: str, sheet: bytes) -> bytes:
        """Give the files that a style sheet names their versions."""

        def address(match: re.Match[bytes]) -> bytes:
            return b'url("%s")' % self._asset_url(theme, match[1].decode()).encode()

        return _ADDRESS.sub(address, sheet)

    def version(self, theme: str, path: str) -> str:
        """Return a digest of an asset's content, empty when there is none."""
        key = (theme, path) if path in BUNDLES else self.asset(theme, path)
        if key is None:
            return ""
        if key not in self._versions:
            self._versions[key] = sha256(self.content(theme, path) or b"").hexdigest()[:12]
        return self._versions[key]

    def _asset_url(self, theme: str, path: str) -> str:
        """Return an asset's URL with a digest of its content, so that browsers may keep it for ever."""
        return f"/-/static/{quote(theme)}/{quote(path)}?v={self.version(theme, path)}"

    def _stamp(self) -> str:
        """Digest the templates and assets of all themes, as answers depend on them."""
        digest = sha256()
        for folder in (self._default, *self._themes.values()):
            for part in ("templates", "static"):  # not what an asset is built from
                for file in sorted((folder / part).rglob("*")):
                    if file.is_file():
                        digest.update(
                            f"{folder.name}/{file.relative_to(folder)}\0".encode() + file.read_bytes()
                        )
        return digest.hexdigest()
