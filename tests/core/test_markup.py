"""Messages as HTML: what Markdown may do, what it may not, and that it never takes long."""

import time
from itertools import pairwise

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import markup
from apps.core.markup import is_plain, plain_excerpt, render_message
from apps.core.mentions import MentionSpan, find_mentions
from apps.core.text import render_plain

KNOWN = {"김하늘": "user:17", "채널": "channel:"}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("안녕\n하세요", '<p dir="auto">안녕<br>하세요</p>'),
        ("하나\n\n둘", '<p dir="auto">하나</p><p dir="auto">둘</p>'),
        ("**굵게**한 *기울임* ~~취소~~", '<p dir="auto"><strong>굵게</strong>한 <em>기울임</em> <s>취소</s></p>'),
        # Emphasis that stands between a mark and Hangul.
        ('**(중요)**는 **"인용"**은', '<p dir="auto"><strong>(중요)</strong>는 <strong>"인용"</strong>은</p>'),
        # A product, a dose and a name with underscores are no emphasis.
        ("2*3*4 cm, 5 * 3 * 2, snake_case_name", '<p dir="auto">2*3*4 cm, 5 * 3 * 2, snake_case_name</p>'),
        ("10~20~30 mL", '<p dir="auto">10~20~30 mL</p>'),
        ("- 하나\n- 둘", '<ul><li dir="auto">하나</li><li dir="auto">둘</li></ul>'),
        ("3. 셋\n4. 넷", '<ol start="3"><li dir="auto">셋</li><li dir="auto">넷</li></ol>'),
        (
            "- [ ] 채혈\n- [x] 투약",
            (
                '<ul><li class="task" dir="auto"><input type="checkbox" disabled="">채혈</li>'
                '<li class="task" dir="auto"><input type="checkbox" disabled="" checked="">투약</li></ul>'
            ),
        ),
        ("> 인용", '<blockquote dir="auto"><p dir="auto">인용</p></blockquote>'),
        ("`a*b`", '<p dir="auto"><code dir="ltr">a*b</code></p>'),
        ("```python\nx = 1\n  y\n```", '<pre dir="ltr"><code class="language-python">x = 1\n  y\n</code></pre>'),
        (
            "|검사|값|\n|---|--:|\n|Hb|6.7|",
            (
                '<table><thead><tr><th dir="auto">검사</th><th dir="auto">값</th></tr></thead>'
                '<tbody><tr><td dir="auto">Hb</td><td dir="auto">6.7</td></tr></tbody></table>'
            ),
        ),
        ("[우리](/chat/1/)", '<p dir="auto"><a href="/chat/1/">우리</a></p>'),
        (
            "https://a.example/x_y_z.",
            (
                '<p dir="auto"><a href="https://a.example/x_y_z" rel="noopener noreferrer nofollow" target="_blank">'
                "https://a.example/x_y_z</a>.</p>"
            ),
        ),
        (":thumbsup: `:thumbsup:` :nope:", '<p dir="auto">👍 <code dir="ltr">:thumbsup:</code> :nope:</p>'),
        # Not in the subset: it stays as it was written.
        ("# 제목", '<p dir="auto"># 제목</p>'),
        ("---", '<p dir="auto">---</p>'),
        ("![그림](https://a.example/x.png)", None),
        ("<b>굵게</b> &lt;", '<p dir="auto">&lt;b&gt;굵게&lt;/b&gt; &amp;lt;</p>'),
        ("[나쁜](javascript:alert(1))", '<p dir="auto">[나쁜](javascript:alert(1))</p>'),
        ("[나쁜](//evil.example) [나쁜](/\\evil.example)", None),
    ],
)
def test_the_subset(text, html):
    rendered = render_message(text)
    if html is None:
        assert "<img" not in rendered
        assert 'href="//' not in rendered
        assert 'href="/\\' not in rendered
    else:
        assert rendered == html


def test_a_mention_stands_apart_and_turns_by_itself():
    text = "**@김하늘님** `@김하늘` [@김하늘](/x)"
    rendered = render_message(text, find_mentions(text, KNOWN))
    mention = '<bdi class="mention" data-mention="user:17">@김하늘</bdi>'
    assert rendered == (
        f'<p dir="auto"><strong>{mention}님</strong> <code dir="ltr">@김하늘</code> <a href="/x">@김하늘</a></p>'
    )


def test_characters_that_stand_for_mentions_cannot_be_written():
    text = "\ue000\ue100\ue001 @김하늘"
    rendered = render_message(text, find_mentions(text, KNOWN))
    assert rendered.count("data-mention") == 1
    assert "\ue000" not in rendered
    assert "\ue100" not in render_message("\ue000\ue100\ue001")


PIECES = st.lists(
    st.sampled_from(
        [*"*_~`[]()<>|:-+#>.1\\ \n\t@!&\"'/", "가", "a", "김하늘", "http://a.b", "  ", "\n\n", "- [ ] ", "```", ":+1:"]
    ),
    max_size=60,
).map("".join)


@given(st.one_of(st.text(max_size=300), PIECES))
def test_whatever_is_written_becomes_html_that_is_clean_already(text):
    rendered = render_message(text, find_mentions(text, KNOWN))
    again = nh3.clean(
        rendered, tags=markup.TAGS, attributes=markup.ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel=None
    )
    assert again == rendered
    assert plain_excerpt(text, 40) == plain_excerpt(text, 40).strip()
    assert len(plain_excerpt(text, 40)) <= 40


@given(st.one_of(st.text(max_size=200), PIECES))
def test_plain_text_is_shown_as_it_would_be_rendered(text):
    from apps.core.text import clean_text

    text = clean_text(text)
    if is_plain(text):
        assert nh3.clean(render_plain(text), tags=markup.TAGS, attributes=markup.ATTRIBUTES, link_rel=None) == (
            render_message(text)
        )


@given(PIECES)
def test_spans_are_within_the_text_in_order_and_apart(text):
    spans = find_mentions(text, KNOWN)
    assert all(text[span.start] == "@" for span in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


HOSTILE = {
    "quotes": ">" * 10_000,
    "quoted quotes": "> " * 5_000,
    "lists": "- " * 5_000,
    "lists in quotes": "> - " * 2_500,
    "deeper and deeper": "\n".join(" " * depth + "- a" for depth in range(140)),
    "numbers": "1. " * 3_300,
    "brackets": "[" * 10_000,
    "pairs of brackets": "[" * 5_000 + "]" * 5_000,
    "empty links": "[](" * 3_300,
    "open links": "[a](b" * 2_000,
    "pictures": "![[" * 3_300,
    "open addresses": "<http://a" * 1_100,
    "angles": "<" * 10_000,
    "mixed emphasis": "*a_ " * 2_500,
    "stars": "**" * 5_000,
    "nested emphasis": "*a **b " * 1_400,
    "closing stars": "a*" * 5_000,
    "closing stars in Hangul": "가*" * 5_000,
    "underscores": "_a_" * 3_300,
    "tildes": "~~a" * 3_300,
    "backticks": "`" * 10_000,
    "runs of backticks": "".join("`" * length + "a" for length in range(1, 140)),
    "fences": "```\n" * 2_500,
    "pipes": "|" * 5_000 + "\n" + "|-" * 2_500,
    "a table of a thousand columns": "|a" * 1_000 + "\n" + "|-" * 1_000 + "\n" + ("|b" * 1_000 + "\n") * 3,
    "many small tables": "|a|\n|-|\n|b|\n\n" * 650,
    "at signs": "@" * 10_000,
    "mentions": "@김하늘" * 2_500,
    "names": "@가" * 5_000,
    "colons": ":" * 10_000,
    "open emoji": ":a" * 5_000,
    "emoji": ":+1:" * 2_500,
    "addresses": "http://" * 1_400,
    "backslashes": "\\" * 10_000,
    "escaped": "\\*" * 5_000,
    "paragraphs": "a\n\n" * 3_300,
    "lines": "a\n" * 5_000,
    "tabs": "\t" * 10_000,
    "everything": "*_~`[(<|>" * 1_100,
    "combining": "e\u0301" * 5_000,
    "turned": "\u202e@\u202d" * 3_300,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_ten_kilobytes_of_malice_take_no_time(name):
    text = HOSTILE[name][:10_000]
    render_message("warm")
    taken = []
    for _ in range(3):  # the best of three: a machine that is busy collects garbage in between
        began = time.process_time()
        render_message(text, find_mentions(text, KNOWN))
        taken.append(time.process_time() - began)
    assert min(taken) < 0.1


@pytest.mark.parametrize("name", HOSTILE)
def test_a_preview_of_malice_takes_no_time(name):
    began = time.process_time()
    plain_excerpt(HOSTILE[name][:10_000], 80)
    is_plain(HOSTILE[name][:10_000])
    assert time.process_time() - began < 0.05


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        ("**혈압** 120/80", "혈압 120/80"),
        ("> 인용\n- 하나", "인용 - 하나"),
        ("|검사|값|\n|---|---|\n|Hb|6.7|", "검사 값 Hb 6.7"),
        ("```python\nx = 1\n```", "x = 1"),
        ("[지침](https://a.example/x) :pill:", "지침 💊"),
        ("2*3*4 cm", "2*3*4 cm"),
        ("가" * 100, "가" * 39 + "…"),
    ],
)
def test_a_preview_has_no_marks(text, excerpt):
    assert plain_excerpt(text, 40) == excerpt


def test_more_mentions_than_there_are_marks_for_are_cut():
    text = "@김하늘 " * 300
    spans = [MentionSpan(start, start + 4, "user:17") for start in range(0, 1_500, 5)]
    assert render_message(text, spans).count("data-mention") == 0xE1FF - 0xE100
