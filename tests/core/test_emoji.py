"""Names of emoji: every one that a reaction may be stored by has a character, and a picker finds it in three languages."""

import pytest

from apps.core import emoji
from apps.core.templatetags.portal import FACES


def test_names_that_messengers_use_are_known():
    for name in ("thumbsup", "+1", "white_check_mark", "heart", "pray", "tick", "syringe", "kr"):
        assert emoji.char_of(name), name
    assert [name for name in FACES if not emoji.is_known(name)] == []
    for name in ("", "nope", "x" * 65, "THUMBSUP", "<b>"):
        assert emoji.char_of(name) is None


def test_a_character_has_one_short_name_and_the_way_back():
    assert emoji.name_of("👍") == "thumbsup"
    assert emoji.name_of("❤") == emoji.name_of("❤️") == "heart"  # with and without the selector
    assert emoji.name_of("가") is None
    for face in emoji.catalogue("en"):
        assert emoji.char_of(face["n"]) == face["c"]
        assert emoji.name_of(face["c"]) == face["n"]


@pytest.mark.parametrize(("language", "word"), [("ko", "주사기"), ("ar", "حقن"), ("en", "syringe")])
def test_a_picker_finds_by_words_of_the_reader(language, word):
    found = [face["n"] for face in emoji.catalogue(language) if word in face["w"]]
    assert "syringe" in found


def test_what_a_hospital_uses_most_comes_first_and_each_once():
    names = [face["n"] for face in emoji.catalogue("ko")]
    assert names[: len(emoji.FIRST)] == list(emoji.FIRST)
    assert len(names) == len(set(names)) > 1_500


def test_names_in_a_text():
    assert emoji.replace_names("약 :pill: 10:30:45 :nope:") == "약 💊 10:30:45 :nope:"
    assert emoji.replace_names("좋아요:+1::eyes:") == "좋아요👍👀"


@pytest.mark.parametrize("text", ["1:100:1", "1:x:2", "12:00:30", "a:b:c", "2001:db8:a:b:1", ":PILL:", ": pill:"])
def test_a_dilution_a_time_and_an_address_hold_no_emoji(text):
    assert emoji.char_of("100")
    assert emoji.replace_names(text) == text
