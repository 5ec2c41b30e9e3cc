"""The description of the search, by the rules of OpenSearch 1.1."""

import re
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from engine.wiki import Wiki
from tests.conftest import Commit
from wiki import create_app
from wiki.settings import Settings

NAMESPACE = "{http://a9.com/-/spec/opensearch/1.1/}"
MOST = {"ShortName": 16, "LongName": 48, "Description": 1024}
REQUIRED = ("ShortName", "Description", "Url")


def described(client: FlaskClient) -> ElementTree.Element:
    answer = client.get("/-/opensearch.xml")
    assert answer.mimetype == "application/opensearchdescription+xml"
    root = ElementTree.fromstring(answer.data)
    assert root.tag == f"{NAMESPACE}OpenSearchDescription"
    for name in REQUIRED:
        assert root.find(NAMESPACE + name) is not None, name
    for name, most in MOST.items():
        found = root.findall(NAMESPACE + name)
        assert len(found) <= 1
        for element in found:
            assert 0 < len(element.text or "") <= most
            assert not list(element)
    for url in root.iter(f"{NAMESPACE}Url"):
        assert url.get("type")
        assert re.fullmatch(r"https?://[^{}]+(\{[A-Za-z]+\??\}[^{}]*)*", url.get("template", ""))
    return root


def test_a_browser_learns_where_to_search(client: FlaskClient) -> None:
    urls = {url.get("type"): url.get("template") for url in described(client).iter(f"{NAMESPACE}Url")}
    assert urls == {
        "text/html": "http://localhost/-/search?q={searchTerms}",
        "application/x-suggestions+json": "http://localhost/-/suggest?q={searchTerms}",
        "application/opensearchdescription+xml": "http://localhost/-/opensearch.xml",
    }


@pytest.mark.parametrize(
    "title",
    [
        "",
        "A wiki with a name that is longer than anybody would like it to be",
        "<&>\"'",
        "\\u0001\\uffff x",
        "维基",
    ],
)
def test_any_title_makes_a_valid_description(commit: Commit, client: FlaskClient, title: str) -> None:
    commit({"quire.toml": f"title = '''{title}'''" if "\\" not in title else f'title = "{title}"'})
    described(client)


def test_it_tells_the_public_address(wiki: Wiki) -> None:
    client = create_app(Settings(url="https://wiki.example.org"), wiki).test_client()
    for url in described(client).iter(f"{NAMESPACE}Url"):
        assert url.get("template", "").startswith("https://wiki.example.org/-/")


def test_every_page_leads_browsers_to_it(commit: Commit, client: FlaskClient) -> None:
    commit({"a.md": "Text", "quire.toml": 'title = "Our wiki"'})
    for address in ("/a", "/-/search", "/nowhere"):
        (link,) = re.findall(r'<link rel="search"[^>]*>', client.get(address).text)
        assert 'type="application/opensearchdescription+xml"' in link
        assert 'title="Our wiki"' in link
        assert 'href="/-/opensearch.xml"' in link


def test_the_icon_that_it_names_is_there(client: FlaskClient) -> None:
    (image,) = described(client).iter(f"{NAMESPACE}Image")
    answer = client.get((image.text or "").removeprefix("http://localhost"))
    assert (answer.status_code, answer.mimetype) == (200, image.get("type"))
