"""Which language a page is in: front matter, else a leading folder that is a language code, else the site's."""

import re

from engine.ids import PageId

# ISO 639-1, the two-letter codes.
_CODES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja
    jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd
    ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss
    st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()
)
_SUBTAG = re.compile("[A-Za-z0-9]{2,8}")
_RIGHT_TO_LEFT = frozenset("ar dv fa he ks ku ps sd ug ur yi".split())
_RIGHT_TO_LEFT_SCRIPTS = frozenset("adlm arab hebr nkoo rohg syrc thaa".split())


def is_language(tag: str) -> bool:
    """Say whether *tag* is a language code, alone or with script and region (``de``, ``zh-Hant``, ``pt_BR``)."""
    first, *rest = tag.replace("_", "-").split("-")
    return first.lower() in _CODES and all(_SUBTAG.fullmatch(part) for part in rest)


def language(declared: str, page: PageId, site: str) -> str:
    """Return a page's BCP 47 tag; *declared* is its front matter's ``lang``, possibly empty or wrong."""
    if is_language(declared):
        return declared.replace("_", "-")
    if len(page.parts) > 1 and is_language(page.parts[0]):
        return page.parts[0].replace("_", "-")
    return site


def direction(tag: str) -> str:
    """Return ``rtl`` or ``ltr``: by the tag's script where it names one, else by its language."""
    first, *rest = tag.lower().split("-")
    scripts = [part for part in rest if len(part) == 4 and part.isalpha()]
    if scripts:
        return "rtl" if scripts[0] in _RIGHT_TO_LEFT_SCRIPTS else "ltr"
    return "rtl" if first in _RIGHT_TO_LEFT else "ltr"
