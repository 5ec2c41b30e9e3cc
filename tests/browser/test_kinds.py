"""No page is forgotten: what answers with HTML is in the table of kinds."""

from flask import Flask

from tests.browser.kinds import KINDS, OTHERS


def endpoints(app: Flask) -> set[str]:
    return {
        rule.endpoint for rule in app.url_map.iter_rules() if rule.methods is None or "GET" in rule.methods
    }


def test_every_view_has_a_kind_of_page(app: Flask) -> None:
    assert endpoints(app) == {kind.endpoint for kind in KINDS} | OTHERS.keys()


def test_every_kind_is_at_the_view_it_names(app: Flask) -> None:
    address = app.url_map.bind("localhost")
    for kind in KINDS:
        endpoint, _ = address.match(kind.path.partition("?")[0], method="GET")
        assert endpoint == kind.endpoint, kind.name


def test_kinds_have_names_of_their_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
