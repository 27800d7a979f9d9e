"""Who is mentioned in a text: "@" and a name, to which Korean particles may be attached. Pure functions over strings."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

MENTIONS_A_TEXT = 50
NAME_LIMIT = 80  # characters that a name may have
CANDIDATES = 2_000  # prefixes that are looked up for one text

# What may follow a Hangul name without a space: "@김하늘님께", "@김하늘선생님은", "@42병동에서". The rest is another word.
_TITLE = (
    "(?:수간호사|간호사|간호부장|선생|교수|과장|부장|팀장|실장|원장|병원장|센터장|병동장|책임|파트장|전공의|인턴|약사|기사)?"
    "(?:님들|님|씨|쌤|샘)?"
)
_PARTICLE = (
    "(?:께서는|께서도|께서|께는|께도|께|에게서|에게는|에게도|에게|한테서|한테는|한테|에서는|에서도|에서|에는|에도|에|으로는|으로|로|"
    "이랑|랑|하고|이나|나|은|는|이|가|을|를|와|과|도|만|의|아|야|부터|까지|이라고|라고|입니다|이에요|예요|이고|고)?"
)
_ATTACHED = re.compile(f"(?=[\uac00-\ud7a3]){_TITLE}{_PARTICLE}(?![0-9a-z\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3])")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]")


class MentionSpan(NamedTuple):
    """A mention in a text: from `start` (the "@") to `end`, and the keys that the name stands for, separated by spaces."""

    start: int
    end: int
    key: str


class _Tail(NamedTuple):
    """What follows an "@": folded as names are, and for each folded character where it ends in the text."""

    start: int
    folded: str
    ends: list[int]


def fold_name(name: str) -> str:
    """Return a name as texts are compared with it: NFC, casefolded, single spaces, without characters that nobody sees."""
    name = _UNSEEN.sub("", unicodedata.normalize("NFC", name)).casefold()
    return " ".join(name.split())


def _is_word(letter: str) -> bool:
    return letter.isalnum() or unicodedata.category(letter) == "Mn" or letter == "_"


def _is_hangul(letter: str) -> bool:
    return "\uac00" <= letter <= "\ud7a3"


def _tails(text: str) -> Iterator[_Tail]:
    """Walk the "@" of a text that do not follow a word; an e-mail address is no mention."""
    found = 0
    start = text.find("@")
    while start >= 0 and found < MENTIONS_A_TEXT:
        if start == 0 or not (_is_word(text[start - 1]) or text[start - 1] in "@./"):
            found += 1
            yield _fold_tail(text, start)
        start = text.find("@", start + 1)


def _fold_tail(text: str, start: int) -> _Tail:
    folded: list[str] = []
    ends: list[int] = []
    for place in range(start + 1, min(len(text), start + 1 + 2 * NAME_LIMIT)):
        letter = text[place]
        if letter in "\n@" or len(folded) >= NAME_LIMIT + 8:
            break
        if _UNSEEN.match(letter):
            continue
        if letter.isspace():
            if not folded:
                break  # "@ 김하늘" calls nobody
            if folded[-1] == " ":
                ends[-1] = place + 1
                continue
            letter = " "
        for part in letter.casefold():
            folded.append(part)
            ends.append(place + 1)
    return _Tail(start, "".join(folded), ends)


def _places(folded: str) -> Iterator[int]:
    """Walk the lengths at which a name may end, longest first: where a word ends, and wherever Hangul may be attached."""
    for length in range(min(len(folded), NAME_LIMIT), 0, -1):
        last = folded[length - 1]
        if last == " ":
            continue
        if length == len(folded) or not _is_word(last) or not _is_word(folded[length]) or _is_hangul(folded[length]):
            yield length


def candidates(text: str) -> set[str]:
    """Return every folded string after an "@" that may be a name, so that a caller looks them up instead of all names.

    2,000 at most; linear in the text.
    """
    found: set[str] = set()
    for tail in _tails(text):
        found.update(tail.folded[:length] for length in _places(tail.folded))
        if len(found) > CANDIDATES:
            break
    return found


def find_mentions(text: str, known: Mapping[str, str]) -> list[MentionSpan]:
    """Return the mentions in a text, in order and disjoint, fifty at most; `known` maps folded names to keys.

    At each "@" the longest known name wins that ends there as a word does. Korean titles and particles may be attached; the span
    covers the name only.
    """
    found: list[MentionSpan] = []
    if not known:
        return found
    for tail in _tails(text):
        for length in _places(tail.folded):
            key = known.get(tail.folded[:length])
            if key is not None and _ends_here(tail.folded, length):
                found.append(MentionSpan(tail.start, tail.ends[length - 1], key))
                break
    return found


def _ends_here(folded: str, length: int) -> bool:
    if length == len(folded) or not _is_word(folded[length]):
        return True
    # Something is attached to the name ("@김하늘님께", "@Kim님"); any other letter right after it makes another word of it.
    return not _is_word(folded[length - 1]) or bool(_ATTACHED.match(folded, length))
