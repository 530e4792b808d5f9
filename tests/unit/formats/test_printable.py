"""No text that others wrote steers a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.formats.printable import plain, printable


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b[?25lhidden", "hidden"),
        ("over\rwritten", "overwritten"),
        ("beep\x07", "beep"),
        ("a\tb\nc", "a\tb\nc"),
        ("caf\u00e9 \u65e5\u672c", "caf\u00e9 \u65e5\u672c"),
        ("\x9b31mred", "31mred"),
    ],
)
def test_escape_sequences_go_and_words_stay(text: str, said: str) -> None:
    assert plain(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("two\nlines", "two lines"),
        ("win\r\ndows", "win dows"),
        ("a\u2028b", "a b"),
        ("user\u202etxt.exe", "usertxt.exe"),
        ("zero\u200bwidth", "zerowidth"),
        ("a\tb", "a   b"),
    ],
)
def test_a_line_is_one_line_in_the_order_in_which_it_was_written(text: str, said: str) -> None:
    assert printable(text) == said


@given(st.text())
def test_whatever_comes_is_one_line_without_control_characters_and_stays_so(text: str) -> None:
    said = printable(text)
    assert len(said.splitlines()) <= 1
    assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in said)
    assert printable(said) == said
