"""What others wrote stays text in Markdown: no mark-up, no mention, no broken table."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.formats.markdown import code, escaped, link, table

GAP = "\N{ZERO WIDTH SPACE}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain words", "plain words"),
        ("*bold* _it_ `x`", r"\*bold\* \_it\_ \`x\`"),
        ("<img src=x>", r"\<img src=x\>"),
        ("[a](b)", r"\[a\](b)"),
        ("![a](b)", r"\!\[a\](b)"),
        ("a|b", "a&#124;b"),
        ("@ada", f"@{GAP}ada"),
        ("https://x.y", f"https:{GAP}//x.y"),
        ("# title\n- item", r"\# title - item"),
        ("&lt;", r"\&lt;"),
        (r"\*", r"\\\*"),
    ],
)
def test_every_sign_of_markdown_is_shown_as_it_is(text: str, said: str) -> None:
    assert escaped(text) == said


@given(st.text())
def test_no_text_ends_a_cell_a_line_or_mentions_anybody(text: str) -> None:
    said = escaped(text)
    assert "|" not in said
    assert len(said.splitlines()) <= 1
    assert not re.search(r"@(?!\u200b)", said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("npm test", "`npm test`"),
        ("a `b` c", "``a `b` c``"),
        ("`b`", "`` `b` ``"),
        ("```", "```` ``` ````"),
        ("a|b", "a&#124;b"),
        ("  ", ""),
        ("", ""),
        ("a\nb", "`a b`"),
    ],
)
def test_code_gets_a_longer_fence_than_any_that_it_holds(text: str, said: str) -> None:
    assert code(text) == said


@given(st.text(alphabet="`a|\n ", min_size=1))
def test_no_code_breaks_out_of_its_span(text: str) -> None:
    said = code(text)
    fence = re.match("`*", said)
    assert fence is not None
    if fence[0]:
        inner = said[len(fence[0]) : -len(fence[0])]
        assert fence[0] not in re.findall("`+", inner)


def test_a_link_without_an_address_is_its_text() -> None:
    assert link("here", "https://x.y/(z)") == "[here](<https://x.y/(z)>)"
    assert link("here", "") == "here"


def test_a_table_has_as_many_rules_as_columns_and_is_nothing_without_rows() -> None:
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"
    assert table(("a", "b"), []) == ""
