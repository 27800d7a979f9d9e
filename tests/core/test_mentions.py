"""Names after an "@": particles attached, the longest name first, hostile letters."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.mentions import CANDIDATES, candidates, find_mentions, fold_name

KNOWN = {
    fold_name(name): key
    for name, key in {
        "김하늘": "user:1",
        "김하늘이": "user:2",
        "박한": "user:3",
        "Haneul Kim": "user:1",
        "n20417": "user:1",
        "김하늘(N20417)": "user:1",
        "42 병동": "unit:5",
        "مريم": "user:4",
        "채널": "channel:",
    }.items()
}


def found(text: str) -> list[tuple[str, str]]:
    return [(text[span.start : span.end], span.key) for span in find_mentions(text, KNOWN)]


@pytest.mark.parametrize(
    ("text", "mention"),
    [
        ("@김하늘", ("@김하늘", "user:1")),
        ("@김하늘님께 드립니다", ("@김하늘", "user:1")),
        ("@김하늘선생님은 어디에", ("@김하늘", "user:1")),
        ("@김하늘간호사님께서", ("@김하늘", "user:1")),
        ("@김하늘에게서", ("@김하늘", "user:1")),
        ("(@김하늘)", ("@김하늘", "user:1")),
        ("@김하늘, @없음", ("@김하늘", "user:1")),
        ("@김하늘이", ("@김하늘이", "user:2")),  # the longest name wins
        ("@김하늘이가", ("@김하늘이", "user:2")),
        ("@HANEUL   kim!", ("@HANEUL   kim", "user:1")),
        ("@N20417", ("@N20417", "user:1")),
        ("@김하늘(N20417)님", ("@김하늘(N20417)", "user:1")),
        ("@Haneul Kim님께", ("@Haneul Kim", "user:1")),
        ("@42 병동에서", ("@42 병동", "unit:5")),
        ("@مريم، من فضلك", ("@مريم", "user:4")),
        ("@김\u200b하\u202e늘", ("@김\u200b하\u202e늘", "user:1")),  # letters that nobody sees
        ("회람: @채널은 봐 주세요", ("@채널", "channel:")),
        ("확인했습니다.@김하늘 보세요", ("@김하늘", "user:1")),
        ("https://a.example/x @김하늘", ("@김하늘", "user:1")),
        (
            "@\u1100\u1175\u11b7\u1112\u1161\u1102\u1173\u11af님",
            ("@\u1100\u1175\u11b7\u1112\u1161\u1102\u1173\u11af", "user:1"),
        ),  # decomposed
        ("@مـر\u064eيم", ("@مـر\u064eيم", "user:4")),  # a stretched letter, a short vowel
        ("\u200f@مريم\u200f", ("@مريم", "user:4")),
    ],
)
def test_a_name_is_found(text, mention):
    assert mention in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "kim@김하늘",
        "a.b@haneul kim",
        "@ 김하늘",
        "@김하늘라떼",
        "@박한결",  # another name that begins so
        "@haneul kimchi",
        "@n204170",
        "@مريمة",
        "@@김하늘",
        "https://a.example/@김하늘",
        "@김\n하늘",
        "https://a.example/?who=@김하늘",
        "@김하늘\u0301",
        "@김하늘_",
        "@n20417\u0660",
    ],
)
def test_no_name_is_found(text):
    assert found(text) == []


ATTACHED = """
님 님께 님께서 님은 씨 쌤이 선생님 선생님께서는 교수님과 과장님도 수간호사님 전공의가 간호사님들께
께 에게 에게도 한테 한테서 에서는 은 는 이 가 을 를 와 과 도 만 의 아 야
랑 이랑 하고 처럼 보다 부터 까지 라고 입니다 예요 님이에요 으로 님만의 에게만
"""


@pytest.mark.parametrize("attached", ATTACHED.split())
def test_what_may_be_attached_to_a_name(attached):
    known = {"박한": "user:3"}
    assert [span.end for span in find_mentions(f"@박한{attached} 봐 주세요", known)] == [3]
    assert find_mentions(f"@박한{attached}뷁", known) == []


@given(st.text(alphabet="@김하늘이박한 nN20417님께\u200b\u202e\u0301\u1100\u1161\u11a8\n()/:htps.aİß", max_size=120))
def test_spans_are_within_the_text_in_order_and_apart(text):
    spans = find_mentions(text, KNOWN)
    assert all(0 <= span.start < span.end <= len(text) and text[span.start] == "@" for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    # What is looked up holds all that is found.
    assert spans == find_mentions(text, {name: key for name, key in KNOWN.items() if name in candidates(text)})


def test_all_that_may_be_a_name_is_asked_for():
    text = "@김하늘님, @Haneul  KIM: @42 병동에서"
    assert {"김하늘", "haneul kim", "42 병동"} <= candidates(text)
    assert "김하늘님, " not in candidates(text)


def test_a_name_of_eighty_letters_and_twenty_thousand_people():
    people = {f"사람{number}": f"user:{number}" for number in range(20_000)}
    long = "가" * 80
    assert find_mentions(f"@{long}", {long: "user:9"})[0].end == 81
    text = " ".join(f"@사람{number}님" for number in range(60))
    began = time.process_time()
    assert len(find_mentions(text, people)) == 50
    assert time.process_time() - began < 0.05
    assert len(candidates("@" + " @".join(["가나다라마바사" * 12] * 60))) <= CANDIDATES


def test_folding():
    assert fold_name("  Haneul\u200b   KIM ") == "haneul kim"
    assert fold_name("\u1100\u1161") == "가"
