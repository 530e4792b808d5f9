"""The one place that says which known word was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

import release
from release.formats.suggestion import did_you_mean, sentence


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("prodution", ("staging", "production"), 'did you mean "production"?'),
        ("cms-v1.2.4", ("cms-v1.2.3",), 'did you mean "cms-v1.2.3"?'),
        ("prod", ("staging", "production"), 'did you mean "production"?'),
        ("prod", ("produce", "products", "production"), 'did you mean "produce"?'),
        ("st", ("staging", "production"), "known: all"),
        ("", ("staging",), "known: all"),
        ("something else", ("staging",), "known: all"),
        ("staging", (), "known: all"),
    ],
)
def test_the_nearest_known_word_is_suggested_or_else_what_the_caller_says(
    word: str, known: tuple[str, ...], said: str
) -> None:
    assert did_you_mean(word, known, otherwise="known: all") == said


def test_a_word_can_be_shown_as_people_type_it() -> None:
    assert did_you_mean("--dryrun", iter(["--dry-run"]), shown=str) == "did you mean --dry-run?"


def test_after_a_full_stop_a_suggestion_is_a_sentence_of_its_own() -> None:
    assert f"No.{sentence(did_you_mean('Apy', ['Api']))}" == 'No. Did you mean "Api"?'
    assert sentence(did_you_mean("apy", ())) == ""


def test_no_other_module_words_a_suggestion() -> None:
    home = Path(release.__file__).parent
    found = [path for path in home.rglob("*.py") if "get_close_matches" in path.read_text()]
    assert found == [home / "formats" / "suggestion.py"]
