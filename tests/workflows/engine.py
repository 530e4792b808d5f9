"""GitHub's own reader of workflows and expressions, as engine.mjs answers for it."""

from __future__ import annotations

import json
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.workflows.packages import HERE, installed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXPRESSION = "${{"
Json = dict[str, Any]


class EngineError(Exception):
    """A workflow file or an expression that GitHub would refuse, in its own words."""


@dataclass(frozen=True)
class Scope:
    """What an expression sees: the contexts, how the job or its needs went so far, and the checkout."""

    contexts: Mapping[str, Any]
    status: str = "success"
    workspace: str = "."


class Engine:
    """One Node process that reads and evaluates. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [installed(), "--no-warnings", "engine.mjs"],
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def read(self, file: Path) -> Json:
        """A workflow file as GitHub reads it. Raises EngineError."""
        return dict(self._ask(read=file.read_text("utf-8"), name=file.name)["workflow"])

    def lint(self, text: str, name: str) -> list[Json]:
        """What actionlint finds in a workflow's text."""
        return list(self._ask(lint=text, name=name)["found"])

    def evaluate(self, text: str, scope: Scope) -> Any:  # noqa: ANN401 - JSON
        """The value of an expression. Raises EngineError."""
        return self._evaluated(text, scope)["value"]

    def is_true(self, condition: Json, scope: Scope) -> bool:
        """Whether an `if` says yes."""
        return bool(self._evaluated(condition[EXPRESSION], scope)["truthy"])

    def resolve(self, tree: Any, scope: Scope) -> Any:  # noqa: ANN401 - JSON
        """A part of a workflow with its expressions evaluated."""
        if isinstance(tree, dict):
            if set(tree) == {EXPRESSION}:
                return self.evaluate(tree[EXPRESSION], scope)
            return {name: self.resolve(value, scope) for name, value in tree.items()}
        return [self.resolve(value, scope) for value in tree] if isinstance(tree, list) else tree

    def texts(self, tree: Any, scope: Scope) -> dict[str, str]:  # noqa: ANN401 - JSON
        """A mapping with its expressions evaluated, each value as the text that GitHub makes of it."""
        return {name: text(value) for name, value in self.resolve(tree or {}, scope).items()}

    def _evaluated(self, expression: str, scope: Scope) -> Json:
        contexts = dict(scope.contexts)
        return self._ask(
            evaluate=expression, contexts=contexts, status=scope.status, workspace=scope.workspace
        )

    def _ask(self, **question: Any) -> Json:  # noqa: ANN401 - JSON
        with self._lock:
            asked, answers = self._process.stdin, self._process.stdout
            assert asked is not None
            assert answers is not None
            asked.write(json.dumps(question) + "\n")
            asked.flush()
            line = answers.readline()
        answer: Json = json.loads(line) if line else {"error": "the engine ended"}
        if "error" in answer:
            raise EngineError(answer["error"])
        return answer


def text(value: Any) -> str:  # noqa: ANN401 - JSON
    """A value as GitHub puts it into a variable: nothing for null, no quotes, small true and false."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
