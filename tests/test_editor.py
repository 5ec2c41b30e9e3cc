"""What the editor is built from, and what comes out: no addresses of a registry, every licence, and no weight gained unseen."""

import gzip
import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EDITOR = ROOT / "themes" / "default" / "editor"
BUILT = ROOT / "themes" / "default" / "static" / "js" / "editor.js"
WEIGHT = 140_000  # bytes, as it is sent; CodeMirror itself is 120,000

needs_editor = pytest.mark.skipif(not BUILT.is_file(), reason="the editor is not built: make editor")


def packages() -> dict[str, dict[str, str]]:
    """Return the locked packages by their folder."""
    lock = json.loads((EDITOR / "package-lock.json").read_text(encoding="utf-8"))
    return {folder: package for folder, package in lock["packages"].items() if folder}


def test_the_lock_has_digests_and_no_addresses() -> None:
    assert all("integrity" in package and "resolved" not in package for package in packages().values())
    assert "://" not in (EDITOR / "package-lock.json").read_text(encoding="utf-8")


def test_the_lock_is_of_the_packages_that_are_asked_for() -> None:
    asked = json.loads((EDITOR / "package.json").read_text(encoding="utf-8"))
    for name, version in (asked["dependencies"] | asked["devDependencies"]).items():
        assert packages()[f"node_modules/{name}"]["version"] == version


def test_all_that_is_bundled_may_be_passed_on() -> None:
    assert {package["license"] for package in packages().values()} == {"MIT"}


def test_what_is_built_is_not_committed() -> None:
    listed = subprocess.run(
        ["git", "ls-files", str(BUILT.parent), str(EDITOR)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "js/editing.js" in listed
    assert "js/editor." not in listed
    assert "node_modules" not in listed


@needs_editor
def test_the_licences_of_what_is_bundled_stand_beside_it() -> None:
    told = BUILT.with_name("editor.licences.txt").read_text(encoding="utf-8")
    assert BUILT.read_text(encoding="utf-8").startswith(
        "/*! The editor of Quire, with packages under the MIT licence"
    )
    for name in ("@codemirror/view", "@codemirror/state", "@lezer/common", "@lezer/markdown", "style-mod"):
        version = packages()[f"node_modules/{name}"]["version"]
        assert f"{name} {version}\n" in told
    assert told.count("Permission is hereby granted, free of charge") >= 10
    assert "esbuild" not in told


@needs_editor
def test_it_is_as_light_as_it_was() -> None:
    assert len(gzip.compress(BUILT.read_bytes(), mtime=0)) < WEIGHT
