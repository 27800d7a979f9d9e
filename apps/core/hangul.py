"""Hangul as it is typed: what somebody has written so far, as a pattern of what they may be writing.

A syllable grows under the keys: ㄱ, 가, 갑, 가바, 가방. Each of these must find 가방, though none of them is a part of it.
"""

import re
import unicodedata

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
VOWELS = 21
FIRST, LAST = 0xAC00, 0xD7A3
A_VOWEL = len(FINALS)  # code points from a vowel to the next
AN_INITIAL = VOWELS * A_VOWEL
# Two consonants that a keyboard joins into one sign: in a name's initials they stand apart.
JOINED = {
    "ㄳ": "ㄱㅅ",
    "ㄵ": "ㄴㅈ",
    "ㄶ": "ㄴㅎ",
    "ㄺ": "ㄹㄱ",
    "ㄻ": "ㄹㅁ",
    "ㄼ": "ㄹㅂ",
    "ㄽ": "ㄹㅅ",
    "ㄾ": "ㄹㅌ",
    "ㄿ": "ㄹㅍ",
    "ㅀ": "ㄹㅎ",
    "ㅄ": "ㅂㅅ",
}
GROWING_VOWELS = {8: 3, 13: 3, 18: 1}  # ㅗ becomes ㅘ ㅙ ㅚ, ㅜ becomes ㅝ ㅞ ㅟ, ㅡ becomes ㅢ


def typed_words(text: str, limit: int = 6) -> list[str]:
    """Return the words of a search as they are compared: NFC, casefolded, at most `limit`."""
    return unicodedata.normalize("NFC", text).casefold().replace("\0", "").split()[:limit]


def typed_pattern(word: str) -> str:
    """Return a regular expression, for Python and PostgreSQL alike, of what contains the word as it may be meant.

    A consonant alone stands for each syllable that begins with it; the last syllable may still grow. Between two signs of
    Hangul a space may stand that was not typed, since people set spaces differently.
    """
    word = "".join(JOINED.get(letter, letter) for letter in word)
    pattern = ""
    for place, letter in enumerate(word):
        if place and _is_hangul(letter) and _is_hangul(word[place - 1]):
            pattern += " ?"
        pattern += _pattern_of(letter, is_last=place == len(word) - 1)
    return pattern


def typed_patterns(text: str) -> list[str]:
    """Return the pattern of each word; all of them must be found."""
    return [typed_pattern(word) for word in typed_words(text)]


def matches_all(patterns: list[str], *texts: str) -> bool:
    """Whether each pattern is found in one of the texts."""
    key = "\n".join(unicodedata.normalize("NFC", text).casefold() for text in texts)
    return all(re.search(pattern, key) for pattern in patterns)


def _is_hangul(letter: str) -> bool:
    return letter in INITIALS or FIRST <= ord(letter) <= LAST


def _pattern_of(letter: str, *, is_last: bool) -> str:
    if letter in INITIALS:
        first = FIRST + INITIALS.index(letter) * AN_INITIAL
        return f"[{letter}{chr(first)}-{chr(first + AN_INITIAL - 1)}]"
    if not FIRST <= ord(letter) <= LAST or not is_last:
        return re.escape(letter)
    vowel, final = divmod(ord(letter) - FIRST, A_VOWEL)
    open_syllable = FIRST + vowel * A_VOWEL
    if not final:  # 가 may become 간, 고 also 과
        reach = 1 + GROWING_VOWELS.get(vowel % VOWELS, 0)
        return f"[{chr(open_syllable)}-{chr(open_syllable + reach * A_VOWEL - 1)}]"
    # 갑 may become 값, and its last consonant may turn out to begin the next syllable: 가방
    *kept, moved = JOINED.get(FINALS[final], FINALS[final])
    before = chr(open_syllable + FINALS.index(kept[0])) if kept else chr(open_syllable)
    grown = [other for other in FINALS[1:] if JOINED.get(other, "").startswith(FINALS[final])]
    whole = "".join(chr(open_syllable + FINALS.index(other)) for other in (FINALS[final], *grown))
    return f"([{whole}]|{before} ?{_pattern_of(moved, is_last=False)})"
