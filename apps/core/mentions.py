"""Who is mentioned in a text: "@" and a name, to which Korean particles may be attached. Pure functions over strings."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

MENTIONS_A_TEXT = 50
NAME_LIMIT = 80  # characters that a name may have
CANDIDATES = MENTIONS_A_TEXT * NAME_LIMIT  # no text has more; one of real people has a few dozen

# What may follow a name in Hangul without a space: "@김하늘님께", "@김하늘선생님은", "@42병동에서도". The rest is another word.
_TITLE = (
    "(?:수간호사|책임간호사|간호사|간호부장|간호조무사|간호|선생|교수|조교수|부교수|전문의|전임의|전공의|레지던트|인턴|의사|약사|기사|"
    "방사선사|임상병리사|물리치료사|영양사|과장|부장|차장|팀장|실장|국장|원장|부원장|병원장|센터장|본부장|병동장|파트장|계장|대리|주임|"
    "책임|수석|담당자|담당)?(?:님들|님|씨|쌤|샘)?"
)
_PARTICLE = (
    "(?:께서|께|에게서|에게|한테서|한테|에서|에|으로|로|이랑|랑|하고|이나|나|처럼|보다|부터|까지|마다|밖에|이라고|라고|이라도|라도|"
    "이고|고|이며|며|입니다|이에요|예요|이야|야|아|네)?(?:만)?(?:은|는|이|가|을|를|와|과|도|의)?"
)
_ATTACHED = re.compile(f"(?=[\uac00-\ud7a3]){_TITLE}{_PARTICLE}(?![0-9a-z\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3])")
# Joiners, marks of direction, variation selectors; of Arabic the line that stretches a word and the signs of short vowels.
_UNSEEN = re.compile(
    "[\u00ad\u0640\u064b-\u0652\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_ADDRESS = re.compile(r"https?://[^\s<>\"'`]+")
# A syllable of Hangul in its parts, or a letter with the signs that stand on it.
_CLUSTER = re.compile("[\u1100-\u115f][\u1160-\u11a7][\u11a8-\u11ff]?|.[\u0300-\u036f\u0653-\u0655]*", re.DOTALL)


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
    return letter.isalnum() or letter == "_" or unicodedata.category(letter) in {"Mn", "Mc"}


def _is_hangul(letter: str) -> bool:
    return "\uac00" <= letter <= "\ud7a3"


def _tails(text: str) -> Iterator[_Tail]:
    """Walk the "@" of a text that neither follow a word, as in an e-mail address, nor stand in a web address."""
    found = 0
    start = text.find("@")
    address_until = 0
    addresses = _ADDRESS.finditer(text) if "://" in text else iter(())
    address = next(addresses, None)
    while start >= 0 and found < MENTIONS_A_TEXT:
        while address is not None and address.start() < start:
            address_until, address = address.end(), next(addresses, None)
        if start >= address_until and (start == 0 or not (_is_word(text[start - 1]) or text[start - 1] in "@/")):
            found += 1
            yield _fold_tail(text, start)
        start = text.find("@", start + 1)


def _letters(text: str, start: int, stop: int) -> Iterator[tuple[str, int]]:
    """Walk the letters of a part of a text, composed, with the place after each."""
    part = text[start:stop]
    if unicodedata.is_normalized("NFC", part):
        yield from zip(part, range(start + 1, stop + 1), strict=True)
    else:
        for match in _CLUSTER.finditer(part):
            yield unicodedata.normalize("NFC", match.group()), start + match.end()


def _fold_tail(text: str, start: int) -> _Tail:
    folded: list[str] = []
    ends: list[int] = []
    for letter, end in _letters(text, start + 1, min(len(text), start + 1 + 3 * NAME_LIMIT)):
        if letter in "\n@" or len(folded) >= NAME_LIMIT + 16:
            break
        if _UNSEEN.match(letter):
            continue
        if letter.isspace():
            if not folded:
                break  # "@ 김하늘" calls nobody
            if folded[-1] == " ":
                ends[-1] = end
            else:
                folded.append(" ")
                ends.append(end)
            continue
        for part in letter.casefold():
            folded.append(part)
            ends.append(end)
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
    """Return every folded string after an "@" that may be a name, so that a caller looks up these and not all names.

    Twenty thousand people or twenty: `name IN (candidates)` is one query, and `find_mentions` chooses among what it found.
    4,000 at most; linear in the text.
    """
    return {tail.folded[:length] for tail in _tails(text) for length in _places(tail.folded)}


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
