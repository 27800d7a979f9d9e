"""Text as people write it: cleaned, searchable in Hangul and Latin, and as safe HTML."""

import re
import unicodedata

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINK = re.compile(r"https?://[^\s<>\"']+")
_TRAILING = ".,;:!?)]}"
INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_FIRST_SYLLABLE, _LAST_SYLLABLE, _SYLLABLES_AN_INITIAL = 0xAC00, 0xD7A3, 588


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


def search_key(*parts: str) -> str:
    """Return the one string in which a directory search looks: casefolded names, their initials, numbers."""
    words = [unicodedata.normalize("NFC", part).casefold() for part in parts if part]
    initials = [hangul_initials(word) for word in words]
    return " ".join(dict.fromkeys([*words, *(word for word in initials if word not in words)]))


def render_plain(text: str) -> SafeString:
    """Return plain text as safe HTML: escaped, with line breaks, and with links to web addresses that open apart."""
    parts: list[str] = []
    position = 0
    for match in _LINK.finditer(text):
        address = match.group().rstrip(_TRAILING)
        parts.append(escape(text[position : match.start()]))
        shown = escape(address)
        parts.append(f'<a href="{shown}" rel="noopener noreferrer nofollow" target="_blank">{shown}</a>')
        position = match.start() + len(address)
    parts.append(escape(text[position:]))
    html = "".join(parts).replace("\n", "<br>")
    return mark_safe(html)  # noqa: S308  # allowed: unsafe-call: every part is escaped above
