"""Small pictures in answers: of what may be seen, kept by browsers for as long as the image is the same, never an error."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from engine.access import Action, Actor, Kind, Policy, RolePolicy
from engine.errors import NotReadyError
from engine.messages import Message
from engine.model import Name
from engine.wiki import Wiki
from tests import images
from tests.conftest import Commit
from tests.engine.test_previews import HOSTILE, opened
from tests.images import image
from tests.people import signed_in


class HidesBoard(RolePolicy):
    """Visitors do not see the folder ``board``."""

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        hidden = name.path.startswith("board/") and actor.kind is Kind.ANONYMOUS
        return super().allows(actor, action, name) and not hidden

    def is_open(self, actor: Actor) -> bool:
        return actor.kind is not Kind.ANONYMOUS

    def scope(self, actor: Actor) -> str:
        return actor.kind


@pytest.fixture
def policy() -> Policy:
    return HidesBoard()


def test_a_picture_is_sent(commit: Commit, client: FlaskClient) -> None:
    commit({"n/leaf.png": image(600, 300)})
    for width, size in ((160, (160, 80)), (320, (320, 160)), (640, (600, 300)), (1280, (600, 300))):
        answer = client.get(f"/-/preview-image/{width}/n/leaf.png")
        assert (answer.status_code, answer.mimetype) == (200, "image/webp")
        assert opened(answer.data).size == size


@pytest.mark.parametrize(
    "address",
    [
        "/-/preview-image/161/leaf.png",
        "/-/preview-image/0/leaf.png",
        "/-/preview-image/-160/leaf.png",
        "/-/preview-image/160/none.png",
        "/-/preview-image/160/a",
        "/-/preview-image/160/a.md",
        "/-/preview-image/160/n/",
        "/-/preview-image/160/Leaf.PNG",
        "/-/preview-image/160/../leaf.png",
        "/-/preview-image/160/%2e%2e/leaf.png",
        "/-/preview-image/160/-/static/default/icon.svg",
        "/-/preview-image/160/\0",
        "/-/preview-image/160/",
    ],
)
def test_of_what_is_no_medium_there_is_no_picture(commit: Commit, client: FlaskClient, address: str) -> None:
    commit({"leaf.png": image(9, 9), "a.md": "x\n", "n/b.png": b"x"})
    assert client.get(address).status_code == 404


def test_browsers_keep_a_picture_as_long_as_the_image_is_the_same(
    commit: Commit, client: FlaskClient, wiki: Wiki
) -> None:
    commit({"leaf.png": image(600, 300), "a.md": "![[leaf.png]]\n"})
    wiki.catch_up()
    listed = client.get("/-/media").text
    address = listed.partition('src="/-/preview-image')[2].partition('"')[0]
    answer = client.get(f"/-/preview-image{address}")
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    commit({"a.md": "Another commit.\n"})
    again = client.get(f"/-/preview-image{address}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    commit({"leaf.png": image(300, 300)})
    new = client.get(f"/-/preview-image{address}", headers={"If-None-Match": answer.headers["ETag"]})
    assert new.status_code == 200
    assert "immutable" not in new.headers["Cache-Control"]
    assert opened(new.data).size == (160, 160)


def test_without_its_blob_in_the_address_a_picture_is_asked_for_again(
    commit: Commit, client: FlaskClient
) -> None:
    commit({"leaf.png": image(600, 300)})
    for query in ("", "?v=", "?v=0", "?v=000000000000"):
        assert "immutable" not in client.get(f"/-/preview-image/160/leaf.png{query}").headers["Cache-Control"]


def test_pictures_of_hidden_images_are_sent_to_nobody(
    commit: Commit, client: FlaskClient, app: Flask
) -> None:
    commit({"board/leaf.png": image(600, 300)})
    insider = signed_in(app, "ada")
    answer = insider.get("/-/preview-image/160/board/leaf.png")
    assert answer.mimetype == "image/webp"
    tag = {"If-None-Match": answer.headers["ETag"]}
    for address in ("/-/preview-image/160/board/leaf.png", "/-/preview-image/160/board/none.png"):
        hidden = client.get(address, headers=tag)
        assert hidden.status_code == 404
        assert hidden.mimetype == "text/html"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_image_is_answered_by_a_sign(commit: Commit, client: FlaskClient, name: str) -> None:
    commit({"leaf.png": HOSTILE[name]})
    answer = client.get("/-/preview-image/160/leaf.png")
    assert answer.status_code == 200
    assert answer.mimetype in {"image/svg+xml", "image/bmp"}
    policy = answer.headers["Content-Security-Policy"]
    if answer.data == HOSTILE[name]:  # a small SVG or BMP, as it would be without asking for a picture
        assert "sandbox" in policy
    else:
        assert b"<svg" in answer.data
    assert "script-src 'unsafe" not in policy
    page = client.get("/-/media/leaf.png")
    assert page.status_code == 200
    assert "Dimensions" not in page.text


def test_large_files_are_not_sent_in_the_place_of_their_picture(commit: Commit, client: FlaskClient) -> None:
    svg = images.SVG.replace(b"</svg>", b"<!-- " + b"x" * 400_000 + b"--></svg>")
    commit({"large.svg": svg, "small.svg": images.SVG})
    assert client.get("/-/preview-image/160/small.svg").data == images.SVG
    assert client.get("/-/preview-image/160/large.svg").data != svg


def test_who_asks_while_many_do_gets_a_sign_and_comes_again(
    commit: Commit, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*arguments: object) -> bytes:
        raise NotReadyError(Message("Many pictures are being made; try again in a moment."))

    commit({"leaf.png": image(600, 300)})
    with monkeypatch.context() as patched:
        patched.setattr("engine.previews.Previews.picture", busy)
        answer = client.get("/-/preview-image/160/leaf.png")
    assert (answer.status_code, answer.mimetype) == (503, "image/svg+xml")
    assert answer.headers["Retry-After"] == "2"
    assert client.get("/-/preview-image/160/leaf.png").mimetype == "image/webp"


def test_an_image_with_another_name_is_shown_as_what_it_is(commit: Commit, client: FlaskClient) -> None:
    commit({"leaf.txt": image(600, 300), "leaf.jpg": image(600, 300, "GIF")})
    for name in ("leaf.txt", "leaf.jpg"):
        assert client.get(f"/-/preview-image/160/{name}").mimetype == "image/webp"


def test_what_an_image_tells_of_its_place_is_in_no_picture(commit: Commit, client: FlaskClient) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010E] = "Ada's garden"
    content = image(600, 300, "JPEG", exif=exif)
    commit({"leaf.jpg": content})
    assert b"garden" not in client.get("/-/preview-image/640/leaf.jpg").data
    assert client.get("/leaf.jpg").data == content  # what was sent stays as it is
