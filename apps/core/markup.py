r"""Messages as safe HTML: a strict subset of Markdown, mentions and emoji, sanitised afterwards by an allow-list.

Text of a ward is not text of a programmer. What people type with another meaning stays as it is: "2*3*4 cm", "가로*세로*높이",
">38.5", "+ 균 배양", "2026. 11. 24. 회의", "1:100:1", "\\server\share", "네~~ 알겠습니다~~", "^_^". A numbered list shows the
numbers that were typed. Emphasis works next to Hangul ("**(중요)**는").
"""

import re
from collections.abc import MutableMapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from unicodedata import bidirectional
from urllib.parse import quote, unquote

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.parser_inline import ParserInline
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, blockquote, fence, list_block, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline import escape as escape_rule
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token

from . import emoji
from .mentions import MentionSpan
from .text import find_address, render_plain

NESTING = 20  # of quotes and lists; deeper ones stay text
COLUMNS = 30  # of a table; wider ones stay text
CELLS = 3_000  # of a table; larger ones stay text
MARKS = 2_500  # in one text, a line end counting as two; one with more is no prose and is shown as it was typed

TAGS = {
    *("p", "br", "strong", "em", "s", "ul", "ol", "li", "label", "input", "blockquote", "code", "pre", "a", "bdi"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_TURNS = {"auto", "ltr", "rtl"}
_KEYS = re.compile(r"[a-z]{1,20}:[0-9]{0,20}(?: [a-z]{1,20}:[0-9]{0,20})*")
_NUMBER = re.compile(r"[0-9]{1,9}")
LANGUAGE = re.compile(r"[a-z0-9+-]{1,20}")
_LANGUAGE_CLASS = re.compile(r"language-[a-z0-9+-]{1,20}")
REL = "noopener noreferrer nofollow"
# Each attribute that may stand, with all that it may say.
ATTRIBUTES: dict[str, dict[str, re.Pattern[str] | set[str] | None]] = {
    "a": {"href": None, "target": {"_blank"}, "rel": {REL}},
    "bdi": {"class": {"mention"}, "data-mention": _KEYS},
    "code": {"class": _LANGUAGE_CLASS, "dir": {"ltr"}},
    "input": {"type": {"checkbox"}, "checked": {""}, "disabled": {""}},
    "li": {"class": {"task"}, "dir": _TURNS, "value": _NUMBER},
    "ol": {"start": _NUMBER, "dir": {"rtl"}},
    "ul": {"dir": {"rtl"}},
    "table": {"dir": {"rtl"}},
    **{tag: {"dir": _TURNS} for tag in ("p", "blockquote", "pre", "th", "td")},
}
TASK = re.compile(r"\[([ xX])\][ \u00a0]")
CONTAINERS = frozenset({"bullet_list_open", "ordered_list_open", "list_item_open", "blockquote_open", "table_open"})
TURNING = frozenset({"paragraph_open", "list_item_open", "blockquote_open", "th_open", "td_open"})
# Whatever Markdown, emoji or a mention could change. Linear: one pass, no repetition inside a repetition.
SPECIAL = re.compile(
    r"[*_`~\[\\|<\t\r\0\x0b\x0c\x1c-\x1f\x85\u2028\u2029\ud800-\udfff\ufdd0-\ufdef]|:[a-z0-9_+-]{1,64}:"
    r"|^[^\S\n]|^>|^- |^-$|^[0-9]{1,9}[.)](?: |$)|[^\S\n]$",
    re.MULTILINE,
)
MARK = re.compile(r"[*_~`\[|<>:\n]")
OWN_PATH = re.compile(r"/(?![/\\])[^\s\\]*")
# Unicode sets these code points aside for use inside a program: no text that came from elsewhere holds them.
_UNUSABLE = re.compile(r"[\ud800-\udfff\ufdd0-\ufdef]")
_OPENING, _DIGITS = "\ufdef", "\ufdd0"
_MARKED = re.compile("\ufdef([\ufdd0-\ufddf]{2})")
_MARKED_IN_ADDRESS = re.compile("%EF%B7%AF((?:%EF%B7%9[0-9A-F]){2})")


class Rendered(NamedTuple):
    """A text as safe HTML, and the mentions that stand in it as such: not those inside code or a link."""

    html: SafeString
    mentions: tuple[MentionSpan, ...]


def is_plain(text: str) -> bool:
    """Whether neither Markdown nor emoji changes a text, so that `render_plain` shows it as `render_message` would."""
    return SPECIAL.search(text) is None


def render_message(text: str, mentions: Sequence[MentionSpan] = ()) -> SafeString:
    """Return a message's text as safe HTML.

    Paragraphs with line breaks, emphasis, strikethrough, lists, task lists, quotes, code, tables, links; no headings, pictures,
    rules or HTML. Blocks turn with their text (`dir="auto"`). `mentions` are disjoint spans of the text, in order.
    """
    return render(text, mentions).html


def render(text: str, mentions: Sequence[MentionSpan] = ()) -> Rendered:
    """Return a message's text as safe HTML, with those of its mentions that are shown as mentions."""
    source, held = _mark_mentions(text, mentions)
    env: dict[str, Any] = {"text": text, "mentions": held, "shown": set()}
    if is_plain(text) or len(MARK.findall(text)) + text.count("\n") > MARKS:
        html = _MARKED.sub(lambda match: _mention_html(match[1], env), render_plain(source))
    else:
        html = _parser().render(source, env)
    safe = nh3.clean(
        html,
        tags=TAGS,
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=_keep_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    shown = tuple(held[index] for index in sorted(env["shown"]))
    return Rendered(mark_safe(safe), shown)  # noqa: S308  # allowed: unsafe-call: sanitised by the allow-list above


def _keep_attribute(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return value if _is_allowed_link(value) else None
    allowed = ATTRIBUTES.get(tag, {}).get(name)
    if isinstance(allowed, re.Pattern):
        return value if allowed.fullmatch(value) else None
    return value if allowed is not None and value in allowed else None


def plain_excerpt(text: str, limit: int, *, table_word: str = "") -> str:
    """Return the beginning of a message in one line, without the marks of Markdown; an ellipsis where it was cut.

    With a `table_word` it ends at the first table, with that word: in one line a table's values would run together.
    """
    line = _UNUSABLE.sub("\ufffd", text[: 6 * limit + 200])
    if table_word and (table := _table_in(line)) is not None:
        before = plain_excerpt(line[:table], max(1, limit - len(table_word) - 1)) if line[:table].strip() else ""
        return f"{before} {table_word}".strip()
    if not is_plain(line):
        for pattern, replacement in _MARKS_OF_AN_EXCERPT:
            line = pattern.sub(replacement, line)
        line = emoji.replace_names(line)
    # One line stands inside other text: what turns the direction of all that follows is left out of it.
    line = " ".join(_TURNS_TEXT.sub("", line).split()) or " ".join(text[:limit].split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def _table_in(text: str) -> int | None:
    """Return where the first table of a text begins, outside what is fenced as code; None where there is none."""
    for match in _TABLE_HEAD.finditer(text):
        if len(_FENCE_LINE.findall(text[: match.start()])) % 2 == 0:
            return match.start()
    return None


_FENCE_LINE = re.compile(r"^[ \t]*```", re.MULTILINE)
# A line with a bar in it, and under it one of dashes and bars.
_TABLE_HEAD = re.compile(r"^[^\n|]*\|[^\n]*\n(?=[^\n]*-)(?=[^\n]*\|)[ \t:|-]+$", re.MULTILINE)
_TURNS_TEXT = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MARKS_OF_AN_EXCERPT = (
    (re.compile(r"^[ \t]*(?:>+[ \t]+)+", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*```.*$", re.MULTILINE), ""),
    (re.compile(r"^(?=[^\n]*(?:---|\|[ :]*-|-[ :]*\|))[ \t:|-]+$", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*[-*] \[ \] ", re.MULTILINE), "☐ "),
    (re.compile(r"^[ \t]*[-*] \[[xX]\] ", re.MULTILINE), "☑ "),
    (re.compile(r"^[ \t]*[-*][ \t]+(?=\S)", re.MULTILINE), "• "),
    (re.compile(r"(?<!\\)\|"), " "),
    (re.compile(r"(?<!\\)\[([^\[\]\n]{1,300})\]\([^()\s]{1,1000}\)"), r"\1"),
    (re.compile(r"(?<![\\*0-9A-Za-z])\*\*(?=\S)([^*\n]{1,500})(?<=\S)\*\*(?!\*)"), r"\1"),
    (re.compile(r"(?<![\\*\w])\*(?=[^\s*])(?=[^*\n]*\w)([^*\n]{1,500})(?<=[^\s*\\])\*(?![0-9A-Za-z*])"), r"\1"),
    (re.compile(r"(?<![\\\w])__(?=\S)([^_\n]{1,500})(?<=\S)__(?!\w)"), r"\1"),
    (re.compile(r"(?<![\\\w~])~~(?=\S)([^~\n]{1,500})(?<=\S)~~(?!~)"), r"\1"),
    (re.compile(r"(?<!\\)(`{1,3})([^`\n]{1,500})\1"), r"\2"),
    (re.compile(r"\\([*_~`\[\]()|<>#+.!:-])"), r"\1"),
)


# -- Mentions: put aside before the text is parsed, back in afterwards --------------------------------------------------
def _mark_mentions(text: str, mentions: Sequence[MentionSpan]) -> tuple[str, list[MentionSpan]]:
    """Return the text with a sign for each mention, and the mentions; what does not fit into the text is no mention."""
    parts: list[str] = []
    held: list[MentionSpan] = []
    position = 0
    for span in mentions:
        if not position <= span.start < span.end <= len(text) or len(held) > 255:
            continue
        high, low = divmod(len(held), 16)
        parts += (_usable(text[position : span.start]), _OPENING, chr(ord(_DIGITS) + high), chr(ord(_DIGITS) + low))
        held.append(span)
        position = span.end
    parts.append(_usable(text[position:]))
    return "".join(parts), held


def _usable(text: str) -> str:
    return _UNUSABLE.sub("\ufffd", text)


def _index_of(digits: str) -> int:
    return 16 * (ord(digits[0]) - ord(_DIGITS)) + ord(digits[1]) - ord(_DIGITS)


def _name_of(digits: str, env: MutableMapping[str, Any]) -> str:
    """Return a mention as it was written."""
    span = env["mentions"][_index_of(digits)]
    return _usable(env["text"][span.start : span.end])


def _mention_html(digits: str, env: MutableMapping[str, Any]) -> str:
    index = _index_of(digits)
    env["shown"].add(index)
    key = escape(env["mentions"][index].key)
    return f'<bdi class="mention" data-mention="{key}">{escape(_name_of(digits, env))}</bdi>'


def _unmark(text: str, env: MutableMapping[str, Any]) -> str:
    """Return a text with its mentions as they were written."""
    return _MARKED.sub(lambda match: _name_of(match[1], env), text) if _OPENING in text else text


def _unmark_address(address: str, env: MutableMapping[str, Any]) -> str:
    return _MARKED_IN_ADDRESS.sub(lambda match: quote(_name_of(unquote(match[1]), env)), address)


def _text_html(text: str, env: MutableMapping[str, Any]) -> str:
    """Return a piece of running text as HTML: emoji names as characters, mentions as mentions, but neither in an address."""
    link = env.get("link", "")
    if link == "auto":
        return str(escape(_unmark(text, env)))
    if link:
        return str(escape(emoji.replace_names(_unmark(text, env))))
    return "".join(
        _mention_html(piece, env) if index % 2 else str(escape(emoji.replace_names(piece)))
        for index, piece in enumerate(_MARKED.split(text))
    )


# -- The parser: what stays text ------------------------------------------------------------------------------------------
# A day ("11. 24. 회의"), a year ("2026. 11. 24."), something more or positive ("+ 균 배양"): none of these begins a list.
_NO_LIST = re.compile(r"[0-9]{4,9}[.)]|[0-9]{1,9}[.)][ \t]+[0-9]{1,9}[.)]|\+")
# ">38.5" is a temperature and ">_<" a face; a quote has a space after its mark.
_QUOTE = re.compile(r">+(?:[ \t\n]|\Z)")
_ESCAPABLE = frozenset("*_~`[]()|<>#+-.!:")
_FACE = re.compile(r"[\s!-/:-@\[-`{-~]*")  # between two stars or lines without a letter: *^^*


def _begin_of(state: StateBlock, line: int) -> int:
    return state.bMarks[line] + state.tShift[line]


def _list(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    if _NO_LIST.match(state.src, _begin_of(state, start_line)):
        return False
    return list_block(state, start_line, end_line, silent)


def _blockquote(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    if not _QUOTE.match(state.src, _begin_of(state, start_line)):
        return False
    return blockquote(state, start_line, end_line, silent)


def _fence(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Code between lines of backticks; tildes are how people draw a word out."""
    if not state.src.startswith("```", _begin_of(state, start_line)):
        return False
    return fence(state, start_line, end_line, silent)


def _table(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """A table of a size that somebody reads: short rows are filled up, so that a small text could become a huge one."""
    if not table(state, start_line, end_line, True):
        return False
    columns = state.src.count("|", _begin_of(state, start_line), state.eMarks[start_line]) - 1
    if columns > COLUMNS:
        return False
    last = start_line
    while last < end_line and state.bMarks[last] + state.tShift[last] < state.eMarks[last]:
        last += 1
        if (last - start_line) * max(columns, 1) > CELLS:
            return False
    return table(state, start_line, end_line, silent)


def _escape(state: StateInline, silent: bool) -> bool:
    """A backslash before a mark; one before anything else, as in the path of a share, stays."""
    following = state.src[state.pos + 1 : state.pos + 2] if state.pos + 1 < state.posMax else ""
    return following in _ESCAPABLE and following != "" and escape_rule(state, silent)


def _address(state: StateInline, silent: bool) -> bool:
    """An address as it is typed. It is taken whole, before anything in it could be a mark."""
    if silent or state.src[state.pos] != ":" or state.linkLevel > 0:
        return False
    scheme = next((word for word in ("https", "http") if state.pending.endswith(word)), "")
    address = find_address(state.src, state.pos - len(scheme), state.posMax) if scheme else ""
    if not address:
        return False
    state.pending = state.pending[: -len(scheme)]
    state.push("link_open", "a", 1).attrs = {"href": address}
    state.tokens[-1].info = "auto"
    state.push("text", "", 0).content = address
    state.push("link_close", "a", -1)
    state.pos += len(address) - len(scheme)
    return True


def _is_east_asian(code: int) -> bool:
    return 0x1100 <= code <= 0x11FF or 0x2E80 <= code <= 0xA4CF or 0xAC00 <= code <= 0xD7FF or 0xF900 <= code <= 0xFAFF


def _is_mark(letter: str) -> bool:
    return isMdAsciiPunct(ord(letter)) or isPunctChar(letter)


class _Inline(StateInline):
    """Emphasis that knows scripts without spaces between words, and leaves products and faces alone."""

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803  # the parser's own names
        scanned = super().scanDelims(start, canSplitWord)
        mark, length, end = self.src[start], scanned.length, start + scanned.length
        before = self.src[start - 1] if start else " "
        after = self.src[end] if end < self.posMax else " "
        can_open, can_close = scanned.can_open, scanned.can_close
        if before.isascii() and after.isascii() and before.isalnum() and after.isalnum():
            can_open = can_close = False  # 2*3*4, a_b_c
        elif mark == "*":
            can_open |= not isWhiteSpace(ord(after)) and _is_mark(after) and _is_east_asian(ord(before))
            can_close |= not isWhiteSpace(ord(before)) and _is_mark(before) and _is_east_asian(ord(after))
            can_open &= length > 1 or not before.isalnum()  # 가로*세로*높이
        elif mark == "~":  # 네~~네~~, ~~~~
            can_open &= length == 2 and not before.isalnum()
            can_close &= length == 2
        elif before == after and not before.isspace():  # ^_^, -_-
            can_open = can_close = False
        return Scanned(
            can_open and not self._is_face(mark, end, self.src.find(mark, end, self.posMax)),
            can_close and not self._is_face(mark, self.src.rfind(mark, 0, start) + 1, start),
            length,
        )

    def _is_face(self, mark: str, start: int, end: int) -> bool:
        """Whether nothing but signs stands between two marks."""
        return mark != "~" and 0 < start <= end and _FACE.fullmatch(self.src, start, end) is not None


class _InlineParser(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: MutableMapping[str, Any], tokens: list[Token]) -> list[Token]:
        state = _Inline(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


# -- The parser: what is written ------------------------------------------------------------------------------------------
class _Renderer(RendererHTML):
    """Writes what `render_plain` writes, without line ends between blocks."""

    def renderToken(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:  # noqa: N802
        token = tokens[idx]
        if token.tag == "a":
            env["link"] = (token.info or "named") if token.nesting == 1 else ""
        if token.hidden:
            return ""
        return f"</{token.tag}>" if token.nesting == -1 else f"<{token.tag}{self.renderAttrs(token)}>"

    def text(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return _text_html(tokens[idx].content, env)

    def softbreak(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "<br>"

    def hardbreak(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "<br>"

    def code_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f'<code dir="ltr">{escape(_unmark(tokens[idx].content, env))}</code>'

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f'<pre dir="ltr"><code>{escape(_unmark(tokens[idx].content, env))}</code></pre>'

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        language = (token.info.split() or [""])[0].lower()
        kind = f' class="language-{language}"' if LANGUAGE.fullmatch(language) else ""
        return f'<pre dir="ltr"><code{kind}>{escape(_unmark(token.content, env))}</code></pre>'


def _finish_tokens(state: StateCore) -> None:
    """Let each block run in its own direction; tables carry no style, tasks have boxes, numbers are those that were typed."""
    expected: list[int | None] = []  # of each list around: the number that its next item would show
    for index, token in enumerate(state.tokens):
        if token.type == "ordered_list_open":
            expected.append(int(token.attrs.get("start", 1)))
        elif token.type == "bullet_list_open":
            expected.append(None)
        elif token.type in {"ordered_list_close", "bullet_list_close"}:
            expected.pop()
        if token.type in TURNING:
            token.attrs = {"dir": "auto"}
        if token.type == "list_item_open":
            _make_task(state.tokens, index)
            wanted = expected[-1]
            if wanted is not None:
                number = int(token.info)
                if number != wanted:
                    token.attrs["value"] = number
                expected[-1] = number + 1
        for child in token.children or ():
            if child.type == "link_open":
                _finish_link(child, state.env)
    _turn_containers(state.tokens)


def _turn_containers(tokens: Sequence[Token]) -> None:
    """Let lists, quotes and tables whose text begins in Arabic or Hebrew have their marks and columns on the right.

    `dir="auto"` would not: it does not look into blocks that have a direction of their own. One pass.
    """
    waiting: list[Token] = []  # those that are open and have not come to a letter yet
    for token in tokens:
        if token.type in CONTAINERS:
            waiting.append(token)
        elif token.type == "inline" and waiting:
            strong = next((side for side in map(bidirectional, token.content) if side in {"L", "R", "AL"}), "")
            if strong in {"R", "AL"}:
                for container in waiting:
                    container.attrs["dir"] = "rtl"
            if strong:
                waiting.clear()
        elif token.nesting == -1 and waiting and (waiting[-1].level, waiting[-1].tag) == (token.level, token.tag):
            waiting.pop()


def _make_task(tokens: list[Token], index: int) -> None:
    inline = tokens[index + 2] if index + 2 < len(tokens) else None
    if inline is None or inline.type != "inline" or not inline.children:
        return
    first = inline.children[0]
    match = TASK.match(first.content) if first.type == "text" else None
    if match is None:
        return
    first.content = first.content[match.end() :]
    box = Token("task_box", "input", 0)
    box.attrs = {"type": "checkbox", "disabled": ""}
    if match[1] != " ":
        box.attrs["checked"] = ""
    # The text names the box: readers say "done" or "not done" with it.
    inline.children = [Token("task_open", "label", 1), box, *inline.children, Token("task_close", "label", -1)]
    tokens[index].attrs = {"class": "task", "dir": "auto"}


def _finish_link(link: Token, env: MutableMapping[str, Any]) -> None:
    address = _unmark_address(str(link.attrs.get("href", "")), env)
    link.attrs = {"href": address}
    if not OWN_PATH.fullmatch(address):
        link.attrs |= {"rel": REL, "target": "_blank"}


def _is_allowed_link(address: str) -> bool:
    low = address.lower()
    return low.startswith(("http://", "https://", "mailto:")) or OWN_PATH.fullmatch(address) is not None


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"breaks": True, "maxNesting": NESTING}, renderer_cls=_Renderer)
    parser.inline = _InlineParser()
    parser.enable(["blockquote", "code", "fence", "list", "table"])
    ends_a_paragraph = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.at("fence", _fence, {"alt": ends_a_paragraph})
    parser.block.ruler.at("blockquote", _blockquote, {"alt": ends_a_paragraph})
    parser.block.ruler.at("list", _list, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.inline.ruler.at("escape", _escape)
    parser.inline.ruler.at("linkify", _address)
    parser.inline.ruler.enableOnly(
        ["text", "linkify", "newline", "escape", "backticks", "emphasis", "strikethrough", "link", "autolink"]
    )
    parser.inline.ruler2.enableOnly(["balance_pairs", "emphasis", "strikethrough", "fragments_join"])
    parser.core.ruler.push("portal_tokens", _finish_tokens)
    parser.validateLink = _is_allowed_link  # type: ignore[assignment, method-assign]
    return parser
