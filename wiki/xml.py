"""Text for XML: what may not stand in it is left out."""

import re
from xml.sax.saxutils import escape

FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is no character of XML: production 2 of XML 1.0 (fifth edition), turned around; lone surrogates are none either."""


def xml_text(text: str) -> str:
    """Return *text* as it may stand between two tags, or in an attribute in double quotes."""
    return escape(FORBIDDEN.sub("", text), {'"': "&quot;"})
