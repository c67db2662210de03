"""Texts that try to become markup: of OWASP's and PortSwigger's sheets by kind, of markdown's own ways, and mutations.

Owns the corpus and the check of rendered html by a real parser (html.parser); not where the texts are put.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import product
from urllib.parse import urlsplit

_CALL = "alert(1)"

_TAGS = [
    f"<script>{_CALL}</script>",
    f"<SCRIPT>{_CALL}</SCRIPT>",
    f"<script >{_CALL}</script >",
    f"<script/x>{_CALL}</script>",
    f"<scr<script>ipt>{_CALL}</scr</script>ipt>",
    f"<script\n>{_CALL}\n</script\n>",
    f"<script\t>{_CALL}</script>",
    f"<script\x0c>{_CALL}</script>",
    f"<<script>{_CALL};//<</script>",
    "<script src=//evil.example/x.js></script>",
    "<script src=data:,alert(1)></script>",
    f"<script type=module>{_CALL}</script>",
    f"</script><script>{_CALL}</script>",
    f"--><script>{_CALL}</script>",
    f"]]><script>{_CALL}</script>",
    f"</title><script>{_CALL}</script>",
    f"</textarea><script>{_CALL}</script>",
    f"</style><script>{_CALL}</script>",
    f"</noscript><script>{_CALL}</script>",
    f'"><script>{_CALL}</script>',
    f"'><script>{_CALL}</script>",
    f"`><script>{_CALL}</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert`1`>",
    '<img src="x" onerror="alert(1)">',
    "<img src=x onerror='alert(1)'>",
    "<img/src=x/onerror=alert(1)>",
    "<img src=x:x onerror=alert(1)//",
    '<img """><script>alert(1)</script>">',
    "<img src=javascript:alert(1)>",
    "<img srcset=x onerror=alert(1)>",
    "<image src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><script>alert&#40;1)</script>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><set attributeName=href to=javascript:alert(1)><a><text>x</text></a></svg>",
    '<svg><a xlink:href="javascript:alert(1)"><text y=20>x</text></a>',
    "<svg><use href=data:image/svg+xml;base64,PHN2Zz4=></svg>",
    "<svg><foreignObject><iframe onload=alert(1)></foreignObject></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    '<math href="javascript:alert(1)">x</math>',
    '<math><maction actiontype="statusline#" xlink:href="javascript:alert(1)">x</maction></math>',
    "<iframe src=javascript:alert(1)></iframe>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<iframe onload=alert(1)></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<object data=data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==></object>",
    "<embed src=javascript:alert(1)>",
    "<embed src=//evil.example/x.swf>",
    "<body onload=alert(1)>",
    "<body background=javascript:alert(1)>",
    "<html onmouseover=alert(1)>",
    "<frameset onload=alert(1)>",
    "<form action=javascript:alert(1)><input type=submit></form>",
    "<form><button formaction=javascript:alert(1)>x</button></form>",
    "<form id=x></form><button form=x formaction=javascript:alert(1)>x</button>",
    "<input autofocus onfocus=alert(1)>",
    "<input type=image src=x onerror=alert(1)>",
    "<select autofocus onfocus=alert(1)>",
    "<textarea autofocus onfocus=alert(1)>",
    "<keygen autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<video src=x onerror=alert(1)>",
    "<video poster=javascript:alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<meta charset=utf-7>+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "<link rel=stylesheet href=javascript:alert(1)>",
    "<link rel=import href=data:text/html,x>",
    "<base href=javascript:alert(1)//>",
    "<style>@import 'javascript:alert(1)';</style>",
    "<style>*{background:url(javascript:alert(1))}</style>",
    "<style onload=alert(1)></style>",
    "<div style='width:expression(alert(1))'>",
    "<div style=background:url(javascript:alert(1))>",
    "<div onclick=alert(1)>x</div>",
    "<div onpointerrawupdate=alert(1)>x</div>",
    "<p onmouseenter=alert(1)>x</p>",
    "<a onclick=alert(1) href=/>x</a>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=/ style=position:fixed;inset:0>x</a>",
    "<a href=/ target=_blank id=app name=app>x</a>",
    "<span class='mention' onmouseover=alert(1)>@x</span>",
    "<ol start='1' onclick=alert(1)><li>x</ol>",
    "<code onclick=alert(1)>x</code>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<listing><img src=x onerror=alert(1)></listing>",
    "<comment><img src='</comment><img src=x onerror=alert(1)//'>",
    "<dialog open onclose=alert(1)><form method=dialog><button>x</button></form></dialog>",
    "<isindex action=javascript:alert(1) type=image>",
    "<applet code=javascript:alert(1)>",
    "<custom-element onclick=alert(1)>x</custom-element>",
    "<board-panel title=x onfocus=alert(1) tabindex=0 autofocus></board-panel>",
    "<table background=javascript:alert(1)><tr><td>x</table>",
    "<button popovertarget=x>x</button><xss popover id=x onbeforetoggle=alert(1)>x</xss>",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "<!--><script>alert(1)</script>-->",
    "<!-- --!><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><?xml-stylesheet href='javascript:alert(1)'?>",
    "<!DOCTYPE x [<!ENTITY x '<script>alert(1)</script>'>]>&x;",
    "<x onclick=alert(1)>x",
    "<\x00script>alert(1)</script>",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "＜script＞alert(1)＜/script＞",
    "‹script›alert(1)‹/script›",
    "\u202e<script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&#x3c;img src=x onerror=alert(1)&#x3e;",
    "&#0000060script>alert(1)</script>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "\\<script>alert(1)\\</script>",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "{% raw %}<script>alert(1)</script>{% endraw %}",
    "javascript:/*--></title></style></textarea></script></xmp><svg/onload='+/\"/+/onmouseover=1/+/[*/[]/+alert(1)//'>",
    "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=alert(1) )//%0D%0A%0d%0a//"
    "</stYle/</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=alert(1)//>\\x3e",
    "';alert(1)//\\';alert(1)//\";alert(1)//\\\";alert(1)//--></SCRIPT>\">'><SCRIPT>alert(1)</SCRIPT>",
]

_SCHEMES = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "java\x00script:alert(1)",
    "\x01javascript:alert(1)",
    "javascript&colon;alert(1)",
    "javascript&#58;alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1)",
    "java&Tab;script:alert(1)",
    "java&NewLine;script:alert(1)",
    "javascript\\:alert(1)",
    "javascript%3Aalert(1)",
    "//javascript:alert(1)",
    "javascript://%0aalert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "file:///etc/passwd",
    "blob:http://x/1",
    "view-source:javascript:alert(1)",
    "feed:javascript:alert(1)",
    "jar:javascript:alert(1)",
    "filesystem:http://x/1",
    "ftp://evil.example/x",
    "intent://x#Intent;scheme=javascript;end",
]

_LINKS = [
    "[x]({})",
    "[x](<{}>)",
    '[x]({} "t")',
    "[x]: {}\n\n[x]",
    "<{}>",
    "![x]({})",
    "[![x]({})]({})",
    '<a href="{}">x</a>',
]

_MARKDOWN = [
    '[x](http://x "\\"onmouseover=alert(1)")',
    "[x](http://x 'x\" onmouseover=\"alert(1)')",
    '[x](http://x"onmouseover="alert(1))',
    "[x](http://x'onmouseover='alert(1))",
    '[x](<http://x" onmouseover="alert(1)>)',
    '<http://x"onmouseover="alert(1)>',
    "<http://x'onmouseover='alert(1)>",
    "[<script>alert(1)</script>](http://x)",
    "[x](http://x/<script>alert(1)</script>)",
    "![<img src=x onerror=alert(1)>](x)",
    "`<script>alert(1)</script>`",
    "``` <script>alert(1)</script>\nx\n```",
    '```"><script>alert(1)</script>\nx\n```',
    '```x" onmouseover="alert(1)\nx\n```',
    "    <script>alert(1)</script>",
    "> <script>alert(1)</script>",
    "- <img src=x onerror=alert(1)>",
    "# <img src=x onerror=alert(1)>",
    "99999999999. <img src=x onerror=alert(1)>",
    "**<svg/onload=alert(1)>**",
    "~~<svg/onload=alert(1)>~~",
    "*a<b onclick=alert(1)>c*",
    "@alice<script>alert(1)</script>",
    '@alice"onmouseover="alert(1)',
    "[@alice](javascript:alert(1))",
    "`@alice`<img src=x onerror=alert(1)>",
    "<alert(1)@x.example>",
    '<mailto:x@y.example?body="onclick=alert(1)>',
    "| <script>alert(1)</script> |\n|-|\n| x |",
    "a\n<script>\nalert(1)\n</script>\nb",
]

#: Each different from all others.
PAYLOADS = tuple(
    dict.fromkeys(
        [
            *_TAGS,
            *_MARKDOWN,
            *(link.replace("{}", scheme) for link, scheme in product(_LINKS, _SCHEMES)),
        ]
    )
)

TAGS = frozenset({"p", "br", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "blockquote", "a", "span"})
ATTRIBUTES = {"a": {"href", "rel"}, "ol": {"start"}, "span": {"class"}}
SCHEMES = frozenset({"", "http", "https", "mailto"})
_WHITE = re.compile(r"[\x00-\x20]")


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, ()):
                self.wrong.append(f"<{tag} {name}>")
            if name == "href" and urlsplit(_WHITE.sub("", value or "")).scheme.lower() not in SCHEMES:
                self.wrong.append(f"<{tag} href={value!r}>")
            if name == "class" and value != "mention":
                self.wrong.append(f"<{tag} class={value!r}>")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.wrong.append(f"<?{data}>")


def wrong_in(html: str) -> list[str]:
    """Return what a parser finds in the HTML that is not allowed; the rules are stated here again, not taken from the server."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    return parser.wrong


def text_of(html: str) -> str:
    """Return the text that a reader sees."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    return "".join(parser.text)
