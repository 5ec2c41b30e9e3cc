"""Who reads goes first: all other answers are batch work."""

import os

import pytest
from flask import Flask

from wiki import priority


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="only Linux has batch work")
@pytest.mark.parametrize(
    ("method", "address", "batch"),
    [
        ("GET", "/page", False),
        ("HEAD", "/page", False),
        ("GET", "/wiki.git", False),
        ("GET", "/wiki.git/info/refs", True),
        ("POST", "/wiki.git/git-upload-pack", True),
        ("POST", "/-/edit/page", True),
        ("PUT", "/page", True),
    ],
)
def test_what_changes_something_and_git_is_batch_work(method: str, address: str, batch: bool) -> None:
    app = Flask(__name__)
    found: list[int] = []

    @app.route("/<path:address>", methods=["GET", "POST", "PUT"])
    def view(address: str) -> str:
        found.append(os.sched_getscheduler(0))
        return address

    priority.register(app)
    before = os.sched_getscheduler(0)
    assert app.test_client().open(address, method=method).status_code == 200
    usual = before == os.SCHED_OTHER
    assert found == [os.SCHED_BATCH if batch and usual else before]
    assert os.sched_getscheduler(0) == before
