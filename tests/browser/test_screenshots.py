"""The pictures of the documents are those that the script takes, and small."""

from tests.browser.screenshots import ALL_BYTES, DOCUMENTS, IMAGE_BYTES, IMAGES


def test_the_documents_have_the_pictures_that_are_taken() -> None:
    assert {file.name for file in IMAGES.iterdir()} == {f"{picture.name}.webp" for picture in DOCUMENTS}


def test_pictures_are_small() -> None:
    sizes = [file.stat().st_size for file in IMAGES.iterdir()]
    assert max(sizes) < IMAGE_BYTES
    assert sum(sizes) < ALL_BYTES
