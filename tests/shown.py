"""Parts of a page as it is shown."""


def main(html: str) -> str:
    """Return what a page says itself, without what stands around every page."""
    return html.partition("<main")[2].partition("</main>")[0]
