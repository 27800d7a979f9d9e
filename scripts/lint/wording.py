"""Rules for every text file: no promise without a home, no address of a package register, no path of one machine."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from .findings import Rule, Source

UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
REGISTER = re.compile(
    r"\b(?:pyp[i]|pythonhoste[d]|npmj[s]|crates|rubygems|docker|quay|ghcr)\.(?:org|io|com)\b"
    r"|\b(?:extra-)?index[-_]url\b\s*[=:]?\s*[\"']?https?:|\bUV_(?:DEFAULT_)?INDEX(?:_URL)?\s*=\s*\S|\bPIP_(?:EXTRA_)?INDEX_URL\s*=\s*\S",
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(r"(?<![\w.\-}])(?:/wo[r]k/|/roo[t]/|/Users/\w+/|/home/\w+/\w)")


def is_anything(path: PurePosixPath) -> bool:
    return True


def check_unfinished(source: Source) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.lines, 1):
        if match := UNFINISHED.search(line):
            yield number, f"{match[0]}: do it, or write an issue."


def check_register(source: Source) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.lines, 1):
        if match := REGISTER.search(line):
            yield number, f"{match[0]}: the address of a package register has no place in a commit."


def check_lock(source: Source) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.lines, 1):
        if "://" in line:
            yield number, "The lock holds an address."


def check_machine_path(source: Source) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.lines, 1):
        if match := MACHINE_PATH.search(line):
            yield number, f"{match[0]}: a path of one machine has no place in a commit."


RULES = (
    Rule("unfinished", is_anything, check_unfinished),
    Rule("register-address", is_anything, check_register),
    Rule("lock-address", lambda path: path == PurePosixPath("requirements.lock"), check_lock),
    Rule("machine-path", is_anything, check_machine_path),
)
