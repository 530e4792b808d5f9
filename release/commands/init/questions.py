"""What cannot be seen is asked: at a terminal, or of the answers that came with the command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from release.errors import UsageError
from release.formats.suggestion import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STANDS_IN = "https://not-answered.example.com"  # while the rest is looked at, so that all that is missing is named at once


@dataclass(frozen=True)
class Question:
    """The key of the answer, what is asked, a guess where there is one, and what may be said where that is limited.

    `is_offered`: the guess is taken unless an answer came with the command; it is not asked for. `is_optional`: the same where
    there is no terminal.
    """

    key: str
    text: str
    guess: str | None = None
    choices: tuple[str, ...] = ()
    is_offered: bool = False
    is_optional: bool = False


Ask = Callable[[Question], str]
Prompt = Callable[[str], str]


def given(words: Iterable[str]) -> dict[str, str]:
    """The answers in KEY=VALUE words. Raises UsageError for a word without "="."""
    pairs = [word.partition("=") for word in words]
    wrong = [key for key, equals, value in pairs if not equals or not value.strip()]
    if wrong:
        raise UsageError(f'"{wrong[0]}" is no answer.', "Say KEY=VALUE, as in: --answer health=/api/health")
    return {key: value.strip() for key, _, value in pairs}


@dataclass
class Interview:
    """Takes the answer that was given; else, with `guessing`, the guess; else a person's (`prompt`; None: no terminal)."""

    answers: Mapping[str, str]
    prompt: Prompt | None
    guessing: bool
    missing: list[Question] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def ask(self, question: Question) -> str:
        """The answer, one of the choices where there are some. Raises UsageError for any other."""
        self.asked.add(question.key)
        answer = self.answers.get(question.key) or self._elsewhere(question)
        if question.choices and answer not in question.choices:
            raise UsageError(
                unknown(f"answer to {question.key}", answer, question.choices),
                f"Pass it as --answer {question.key}=VALUE.",
            )
        return answer

    def close(self) -> None:
        """Raise UsageError for missing answers, and for answers to no question."""
        if self.missing:
            lines = [f"--answer {one.key}=...   {one.text}{_guess(one)}" for one in self.missing]
            raise UsageError(
                "Some answers are needed and there is no terminal:\n" + "\n".join(lines),
                "Pass them, or --yes to accept the guesses.",
            )
        strange = [key for key in self.answers if key not in self.asked]
        if strange:
            raise UsageError(unknown("answer key", strange[0], sorted(self.asked)))

    def _elsewhere(self, question: Question) -> str:
        is_offered = question.is_offered or (question.is_optional and self.prompt is None)
        if (self.guessing or is_offered) and question.guess is not None:
            return question.guess
        if self.prompt is None:
            self.missing.append(question)
            return question.guess or next(iter(question.choices), STANDS_IN)
        said = self.prompt(f"{question.text}{_guess(question)} ").strip()
        if not said and question.guess is None:
            raise UsageError(f"No answer: {question.text}", f"Or say it at once: --answer {question.key}=...")
        return said or question.guess or ""


def guessed(question: Question) -> bool:
    """Whether a question has a guess."""
    return question.guess is not None


def _guess(question: Question) -> str:
    return f" [{question.guess}]" if question.guess else ""
