"""Lets Lighthouse judge an entry, the search, its results, and the home page of a served wiki; exit 1 where it is not content.

Run it as ``python -m tests.browser.lighthouse [--desktop] [--report FOLDER]``. Lighthouse comes from npm when it is
run, and so does a newer Node.js where the machine's is too old for it. How fast a page is, it tells of a telephone on
a slow line, unless a desktop is asked for; on a busy machine it errs to the bad.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.browser import chromium
from tests.browser.kinds import KINDS
from tests.browser.serving import serving

PACKAGES = ("lighthouse@13.5.0", "node@22.23.3")
WANTED = {"accessibility": 100, "best-practices": 100, "seo": 100, "performance": 95}
JUDGED = {
    "entry": [],
    "empty search": [],
    # Results are not for search engines, and say so; everything else of them is judged.
    "search": ["--skip-audits=is-crawlable"],
    "home": [],
}
"""Kinds of pages by their names in `KINDS`, with options for each."""
WEIGHT = 60_000  # bytes of a page and all that it loads, images aside, as they are sent
SECONDS = 300


def judge(url: str, folder: Path, options: list[str]) -> dict[str, Any]:
    """Run Lighthouse on one address, and return its report."""
    flags = ["--headless=new", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    packages = [f"--package={package}" for package in PACKAGES]
    report = folder / "report.json"
    command = ["npx", "--yes", *packages, "--", "lighthouse", url, "--quiet", *options]
    command += [f"--chrome-flags={' '.join(flags)}", "--output=json", f"--output-path={report}"]
    environment = os.environ | {"CHROME_PATH": chromium.find() or ""}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        raise SystemExit(f"Lighthouse failed: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


def weight(report: Mapping[str, Any]) -> int:
    """Return the bytes that a page and what it loads took on the way, images aside."""
    items = report["audits"]["network-requests"]["details"]["items"]
    return sum(item["transferSize"] for item in items if item.get("resourceType") != "Image")


def complaints(report: Mapping[str, Any]) -> list[str]:
    """Return what falls short of `WANTED`, with the audits that are to blame."""
    found = []
    for name, wanted in WANTED.items():
        category = report["categories"][name]
        if round(category["score"] * 100) < wanted:
            found.append(f"{name}: {category['score'] * 100:.0f} of {wanted}")
            audits = [report["audits"][each["id"]] for each in category["auditRefs"] if each["weight"]]
            found += [
                f"  {audit['id']}: {audit['title']} {audit.get('displayValue', '')}"
                for audit in audits
                if audit["score"] is not None and audit["score"] < 0.9
            ]
    if weight(report) > WEIGHT:
        found.append(f"weight: {weight(report):,} of {WEIGHT:,} bytes")
    return found


def main() -> None:
    """Judge the pages, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--desktop", action="store_true", help="judge as a desktop on a fast line")
    parser.add_argument("--report", type=Path, metavar="FOLDER", help="keep the whole reports there")
    asked = parser.parse_args()
    if chromium.find() is None:
        raise SystemExit(chromium.MISSING)
    paths = {kind.name: kind.path for kind in KINDS}
    options = ["--preset=desktop"] if asked.desktop else []
    wrong = False
    with tempfile.TemporaryDirectory() as place, serving(Path(place)) as served:
        for name, own in JUDGED.items():
            report = judge(served.address(paths[name]), Path(place), [*options, *own])
            scores = {each: round(report["categories"][each]["score"] * 100) for each in WANTED}
            told = ", ".join(f"{each} {score}" for each, score in scores.items())
            print(f"{name}: {told}; {weight(report):,} bytes without images", flush=True)
            found = complaints(report)
            wrong = wrong or bool(found)
            print("".join(f"  {line}\n" for line in found), end="", flush=True)
            if asked.report:
                asked.report.mkdir(parents=True, exist_ok=True)
                (asked.report / f"{name}.json").write_text(json.dumps(report), encoding="utf-8")
    sys.exit(wrong)


if __name__ == "__main__":
    main()
