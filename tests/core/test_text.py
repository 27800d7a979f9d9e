"""Text: what is typed is cleaned, found again by its initials, and never becomes markup."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.text import clean_text, hangul_initials, render_plain, search_key


@pytest.mark.parametrize(
    ("name", "initials"),
    [("김하늘", "ㄱㅎㄴ"), ("꽃", "ㄲ"), ("힣", "ㅎ"), ("가", "ㄱ"), ("Kim 하늘", "Kim ㅎㄴ"), ("", "")],
)
def test_initials_of_hangul(name, initials):
    assert hangul_initials(name) == initials


def test_a_search_key_finds_names_initials_and_numbers():
    key = search_key("김하늘", "Haneul KIM", "n20417")
    for part in ("김", "하늘", "kim", "haneul", "ㄱㅎㄴ", "20417"):
        assert part in key


def test_decomposed_hangul_is_the_same_name():
    assert search_key("\u1100\u1161\u11a8") == search_key("각")


@given(st.text())
def test_cleaning_is_idempotent_and_drops_what_postgresql_refuses(text):
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned
    assert "\x00" not in cleaned
    assert "\r" not in cleaned


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_rendered_text_holds_no_tag_but_ours_and_reads_the_same(text):
    rendered = render_plain(text)
    without_ours = re.sub(
        r'<br>|<p dir="auto">|</p>|</a>|<a href="[^"<>]*" rel="noopener noreferrer nofollow" target="_blank">',
        "",
        rendered,
    )
    assert "<" not in without_ours
    assert ">" not in without_ours
    shown = re.sub(r"<a [^>]*>|</a>", "", rendered).replace('</p><p dir="auto">', "\n\n").replace("<br>", "\n")
    shown = re.sub("</?p[^>]*>", "", shown)
    assert html.unescape(shown) == re.sub(r"\n(?:[ \t]*\n)+", "\n\n", text).strip("\n")


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "http://", "HTTP://a.example"])
def test_only_web_addresses_become_links(address):
    assert "<a " not in render_plain(address)


def test_a_link_ends_before_its_full_stop():
    assert render_plain("see https://a.example/x?y=1&z=2.").endswith("z=2</a>.</p>")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("(https://a.example/A_(B))", "https://a.example/A_(B)"),
        ("https://a.example/x).", "https://a.example/x"),
        ("https://a.example/x…", "https://a.example/x"),
        ("https://a.example/\u202egnp.exe", "https://a.example/"),  # what turns the rest around
        ("https://a.example/x\u200bhttps://b.example", "https://a.example/x"),
    ],
)
def test_where_an_address_ends(text, address):
    assert f'href="{address}"' in render_plain(text)


@pytest.mark.parametrize("text", ["http://", "http://.", "https://)", "xhttp//a"])
def test_what_is_no_address(text):
    assert "<a " not in render_plain(text)


def test_half_a_character_is_not_kept():
    assert clean_text("가\ud83d나\x07") == "가나"
    clean_text("가\ud83d나").encode()
