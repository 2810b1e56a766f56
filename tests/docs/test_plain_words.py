"""No page, message, docstring or test name has a phrase that makes an English reader stumble."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from docs.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# Each phrase, and what a native speaker writes in its place.
STUMBLING = {
    r"(?<!there )(?<!here )\b(is|are|was|were) no "
    r"(?!(longer|more|one|faster|slower|less|need|room|way|place|reason|limit|point|different)\b)"
    r"[a-z]": "isn't a, aren't, isn't a valid",
    r"\b(an|its|each|every|whole|no|that|first|such|their|late|JSON) answer\b": "response",
    r"\bthe answer\b(?! lies)": "the response",
    r"\b(the|their|its|these|those|whose|of|early|late) answers\b": "responses",
    r"\banswered [2-5]\d\d\b": "gets a 503",
    r"\banswers? [2-5]\d\d\b": "returns 503",
    r"\b(is|are) none of\b": "isn't one of",
    r"\bwhat came of\b": "the outcome of",
    r"\btakes? note of\b": "notes",
    r"\belsewhere than\b": "anywhere but",
    r"\b(is|are) heeded\b": "applies, is read",
    r"\bin the words of\b": "in terms of",
    r"\bfor want of\b": "because there is no",
    r"\bnobody up\b": "delays no one",
    r"\borders a terminal about\b": "controls a terminal",
    r"\bas ever\b": "as usual, as before",
    r"^(\| |\* )?Who [a-z]+s\b": "a client that",
    r"(^|[.;:|] )(So|Nor) (is|are|do|does|did) (?!not\b)[a-z]+ (that|of|in|with|whose)\b": "also",
}  # fmt: skip
_PHRASES = {re.compile(phrase, re.MULTILINE): better for phrase, better in STUMBLING.items()}
_PATTERNS = (
    "*.md", "docs/*.md", "examples/**/*.md", "examples/**/*.py", "src/**/*.py", "bench/**/*.py",
    "tests/**/*.py",
)  # fmt: skip
FOLDERS = ("docs", "examples", "src", "bench", "tests", ".")


def files(folder: str) -> list[Path]:
    """What people read below a folder of the repository, this list itself left out."""
    found = {path for pattern in _PATTERNS for path in ROOT.glob(pattern)}
    below = [path for path in found if _folder(path) == folder and path.name != _SELF]
    return sorted(below)


_SELF = "test_plain_words.py"


def _folder(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[0] if len(parts) > 1 else "."


def stumbles(text: str) -> list[str]:
    """Each phrase of the list in a text, with its line and the better word."""
    # A test's name is read as the sentence that it is.
    text = re.sub(r"^(?:async )?def test_(\w+)", _sentence, text, flags=re.MULTILINE)
    return [
        f"{text.count(chr(10), 0, found.start()) + 1}: {found[0].strip()!r}: {better}"
        for phrase, better in _PHRASES.items()
        for found in phrase.finditer(text)
    ]


def _sentence(name: re.Match[str]) -> str:
    return name[1].replace("_", " ")


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_makes_a_reader_stumble(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{stumble}"
        for path in files(folder)
        for stumble in stumbles(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("main.py is no directory.", "is no d"),
        ("def test_late_call_is_answered_504_in_time() -> None:", "answered 504"),
        ("The body is dropped, the answer is sent.", "the answer"),
        ("| Who sends slowly is waited for |", "| Who sends"),
    ],
)
def test_a_phrase_is_found(text: str, phrase: str) -> None:
    assert [found for found in stumbles(text) if phrase in found]


@pytest.mark.parametrize(
    "text",
    ["There is no function.", "It is no longer read.", "def answer(request):", "answers = []"],
)
def test_what_is_plain_is_not(text: str) -> None:
    assert stumbles(text) == []
