"""Text as people write it: cleaned, searchable in Hangul and Latin, and as safe HTML."""

import re
import unicodedata
from html import escape as quote_html
from typing import Any

from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]"
)  # and halves of characters: nothing can store them
# No sign that nobody sees: it would make an address look like another one. Nor one that stands for a mention (`core.markup`).
_LINK = re.compile("https?://[^\\s<>\"'`\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufdd0-\ufdef]+")
_TRAILING = ".,;:!?)]}*_~|…。、”’」』》"  # what ends a sentence or an emphasis, not an address
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")
INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_FIRST_SYLLABLE, _LAST_SYLLABLE, _SYLLABLES_AN_INITIAL = 0xAC00, 0xD7A3, 588


def fill_html(template: str, *values: Any) -> SafeString:
    """Return what `format_html` returns, in a third of its time: for tags that a page draws hundreds of times."""
    parts = [value if type(value) in (int, SafeString) else _escaped(value) for value in values]
    filled = template.format(*parts)
    return mark_safe(filled)  # noqa: S308  # allowed: unsafe-call: each value is escaped above unless it is safe


def _escaped(value: Any) -> str:
    return quote_html(value) if type(value) is str else conditional_escape(value)


def clean_text(text: str) -> str:
    """Return the text in NFC, with plain line ends, without control characters, stripped of outer blank lines."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _CONTROL.sub("", text).strip("\n").rstrip()


def hangul_initials(text: str) -> str:
    """Return the initial consonants of each syllable: 김하늘 gives ㄱㅎㄴ. Other characters stay as they are."""
    return "".join(
        INITIALS[(ord(letter) - _FIRST_SYLLABLE) // _SYLLABLES_AN_INITIAL]
        if _FIRST_SYLLABLE <= ord(letter) <= _LAST_SYLLABLE
        else letter
        for letter in text
    )


def is_initials(text: str) -> bool:
    """Whether a text is nothing but initial consonants, as a name is found by: ㄱㅎㄴ."""
    letters = "".join(text.split())
    return bool(letters) and all("ㄱ" <= letter <= "ㅎ" for letter in letters)


def search_key(*parts: str) -> str:
    """Return the one string in which a directory search looks: casefolded names, their initials, numbers."""
    words = [unicodedata.normalize("NFC", part).casefold() for part in parts if part]
    initials = [hangul_initials(word) for word in words]
    return " ".join(dict.fromkeys([*words, *(word for word in initials if word not in words)]))


def find_address(text: str, start: int = 0, end: int | None = None) -> str:
    """Return the web address that begins at a place in a text, without what ends the sentence after it; "" if there is none."""
    match = _LINK.match(text, start, len(text) if end is None else end)
    if match is None:
        return ""
    address = match.group()
    surplus = address.count(")") - address.count("(")  # a bracket that was opened in the address belongs to it
    stop = len(address)
    while stop and address[stop - 1] in _TRAILING:
        if address[stop - 1] == ")":
            if surplus <= 0:
                break
            surplus -= 1
        stop -= 1
    return address[:stop] if stop > address.index("//") + 2 else ""


def render_plain(text: str) -> SafeString:
    """Return plain text as safe HTML: paragraphs, line breaks and links to web addresses, everything else as it is written."""
    paragraphs = (part.strip("\n") for part in _BLANK_LINES.split(text))
    html = "".join(f'<p dir="auto">{_linked(part).replace(chr(10), "<br>")}</p>' for part in paragraphs if part)
    return mark_safe(html)  # noqa: S308  # allowed: unsafe-call: every part is escaped


def _linked(text: str) -> str:
    """Return running text as HTML: escaped, with links to web addresses that open apart."""
    parts: list[str] = []
    position = 0
    for match in _LINK.finditer(text):
        address = find_address(text, match.start())
        parts.append(escape(text[position : match.start()]))
        position = match.start() + len(address)
        if address:
            shown = escape(address)
            parts.append(f'<a href="{shown}" rel="noopener noreferrer nofollow" target="_blank">{shown}</a>')
    parts.append(escape(text[position:]))
    return "".join(parts)


def safe_html(html: str) -> SafeString:
    """Return HTML that `markup.render_message` made, and that was stored since, as HTML for a page."""
    return mark_safe(html)  # noqa: S308  # allowed: unsafe-call: sanitised before it was stored
