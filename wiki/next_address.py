"""Where somebody goes on after signing in: within this site, whatever the address says."""

from urllib.parse import urlsplit

ADDRESS_CHARACTERS = 2_000


def next_address(text: str) -> str:
    r"""Return the path and query that *text* names when it leads nowhere but into this site, else the home page.

    Refused are other schemes and hosts, also those that browsers read where a server sees none: ``//host``,
    ``/\host``, and line ends or other control characters in between, which browsers leave out.
    """
    if not text.startswith("/") or text.startswith("//") or len(text) > ADDRESS_CHARACTERS:
        return "/"
    if "\\" in text or any(ord(sign) <= 0x20 or 0x7F <= ord(sign) <= 0x9F for sign in text):
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or parts.path.startswith(("/-/login", "/-/logout")):
        return "/"
    return text
