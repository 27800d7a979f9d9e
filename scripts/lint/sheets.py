"""Rules for style sheets and browser modules: mirrored for free, and no text that becomes code."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from .findings import Rule, Source
from .markup import blank, line_of

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
SIDES = "left|right|top|bottom"
PHYSICAL = re.compile(
    rf"(?:^|[;{{\s])(?P<name>"
    rf"{SIDES}"
    rf"|(?:margin|padding|scroll-margin|scroll-padding)-(?:{SIDES})"
    rf"|border-(?:{SIDES})(?:-(?:width|style|color))?"
    rf"|border-(?:top|bottom)-(?:left|right)-radius"
    rf")\s*:",
    re.MULTILINE,
)
PHYSICAL_VALUE = re.compile(
    r"(?:^|[;{\s])(?P<name>text-align|float|clear|caption-side)\s*:\s*(?P<value>left|right)\b", re.MULTILINE
)
UNSAFE_SCRIPT = re.compile(
    r"\b(?:eval|document\.write(?:ln)?|insertAdjacentHTML)\s*\(|\bnew\s+Function\s*\(|\.(?:inner|outer)HTML\s*\+?=(?!=)"
    r"|\bsetAttribute\(\s*[\"'](?:style|on\w+)[\"']|\bset(?:Timeout|Interval)\(\s*[\"'`]"
)
FOREIGN = re.compile(r"(?:\bfrom\s*|\bimport\s*\(?\s*|\burl\(\s*|\bfetch\(\s*)[\"'`]?(?:https?|wss?):", re.IGNORECASE)


def is_sheet(path: PurePosixPath) -> bool:
    return path.suffix == ".css" and path.parts[0] == "static"


def is_script(path: PurePosixPath) -> bool:
    return path.suffix == ".js" and path.parts[0] == "static"


def check_physical(source: Source) -> Iterator[tuple[int, str]]:
    text = blank(source.text, COMMENT)
    for match in PHYSICAL.finditer(text):
        yield line_of(text, match.start("name")), f"{match['name']}: write the logical property, Arabic mirrors it."
    for match in PHYSICAL_VALUE.finditer(text):
        yield (
            line_of(text, match.start("name")),
            f"{match['name']}: {match['value']}: write start or end, Arabic mirrors it.",
        )


def check_script(source: Source) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.lines, 1):
        if match := UNSAFE_SCRIPT.search(line):
            yield (
                number,
                f"{match[0].strip()} turns text into code or markup: use textContent, a <template> or core's safe HTML.",
            )


def check_foreign(source: Source) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.lines, 1):
        if FOREIGN.search(line):
            yield number, "A foreign address: everything is served from here."


RULES = (
    Rule("logical-properties", is_sheet, check_physical),
    Rule("unsafe-script", is_script, check_script),
    Rule("foreign-script", lambda path: is_script(path) or is_sheet(path), check_foreign),
)
