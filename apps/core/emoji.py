"""Emoji by their short names: what a reaction is stored by, what `:name:` in a text becomes, what a picker offers.

Names, characters and words in Korean and Arabic come from the package `emoji`, which follows Unicode's own data.
"""

import re
from functools import cache
from typing import Any

import emoji as unicode_emoji

NAME = re.compile(r"[a-z0-9_+-]{1,64}")
# Not within a time, a dilution or an address: 10:30:00, 1:100:1, fe80:a:b.
IN_TEXT = re.compile(r"(?<![0-9A-Za-z]):([a-z0-9_+-]{1,64}):(?![0-9])")
FULLY_QUALIFIED = unicode_emoji.STATUS["fully_qualified"]
AS_PICTURE = "\ufe0f"  # the selector that some keyboards add and others leave out
SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
# Names by which other messengers know an emoji that Unicode calls otherwise; imported reactions carry them.
OTHER_NAMES = {
    "tick": "\u2705",
    "thumb": "\U0001f44d",
    "simple_smile": "\U0001f642",
    "heavy_check_mark": "\u2714\ufe0f",
}
# What a hospital uses most, first in every picker.
FIRST = (
    "thumbsup", "white_check_mark", "eyes", "pray", "heart", "smile", "raised_hand", "ok_hand", "clap", "muscle", "joy", "cry",
    "warning", "question", "exclamation", "hourglass_flowing_sand", "pill", "syringe", "stethoscope", "ambulance", "mask", "bed",
    "thermometer", "pushpin",
)  # fmt: skip


@cache
def _names() -> dict[str, str]:
    """Return every name with its character; skin tones are left to the device."""
    found: dict[str, str] = {}
    for character, data in unicode_emoji.EMOJI_DATA.items():
        if data["status"] != FULLY_QUALIFIED or SKIN_TONES.search(character):
            continue
        for raw in (data["en"], *data.get("alias", ())):
            name = raw.strip(":").lower()
            if NAME.fullmatch(name):
                found.setdefault(name, character)
    return {**OTHER_NAMES, **found}


@cache
def _short_names() -> dict[str, str]:
    """Return the name that stands for each character: the shortest alias that people know it by."""
    first = {character: name for name in reversed(FIRST) if (character := _names().get(name))}
    found: dict[str, str] = {}
    for name, character in _names().items():
        best = found.get(character)
        if best is None or (len(name), name) < (len(best), best):
            found[character] = name
    return {**found, **first}


def char_of(name: str) -> str | None:
    """Return the character of a short name, or None where there is none."""
    return _names().get(name)


def name_of(character: str) -> str | None:
    """Return the short name of a character, or None where there is none."""
    names = _short_names()
    bare = character.removesuffix(AS_PICTURE)
    return names.get(character) or names.get(bare) or names.get(bare + AS_PICTURE)


def is_known(name: str) -> bool:
    """Whether there is an emoji of this short name."""
    return name in _names()


def replace_names(text: str) -> str:
    """Return the text with each `:name:` as its character; what names nothing stays."""
    return IN_TEXT.sub(lambda match: _names().get(match[1], match[0]), text) if ":" in text else text


@cache
def _words(code: str) -> dict[str, str]:
    """Return what each character is called in a language, by character."""
    if code in {"ko", "ar"}:
        unicode_emoji.config.load_language(code)
    told = {
        character: unicode_emoji.EMOJI_DATA.get(character, {}).get(code, "") for character in set(_names().values())
    }
    return {character: word.strip(":").replace("_", " ") for character, word in told.items() if word}


def word_of(name: str, language: str) -> str:
    """Return what an emoji is called in a language, for those who hear it; its short name in words where that is not known."""
    plain = name.replace("_", " ").replace("+", " ").strip() or name
    return _words(language[:2]).get(_names().get(name, ""), plain) if language[:2] != "en" else plain


@cache
def catalogue(language: str) -> list[dict[str, str]]:
    """Return what a picker offers: name (`n`), character (`c`) and words to search by (`w`), in this language and English.

    What a hospital uses most comes first, the rest in Unicode's order; about 1,900 without skin tones.
    """
    code = language[:2]
    if code in {"ko", "ar"}:
        unicode_emoji.config.load_language(code)
    others: dict[str, list[str]] = {}
    for name, character in _names().items():
        others.setdefault(character, []).append(name)
    order = [_names()[name] for name in FIRST if name in _names()]
    rows = []
    for character in dict.fromkeys([*order, *others]):
        data: dict[str, Any] = unicode_emoji.EMOJI_DATA.get(character, {})
        words = [str(data.get(code, "")), *others[character]]
        told = " ".join(word.strip(":").replace("_", " ") for word in words if word)
        rows.append({"n": _short_names()[character], "c": character, "w": told.casefold()})
    return rows
