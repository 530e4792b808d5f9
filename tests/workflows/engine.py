"""GitHub's own reader of workflows and expressions, as engine.mjs answers for it."""

from __future__ import annotations

import json
import subprocess
import threading
from typing import TYPE_CHECKING, Any

from release.rehearsal.workflows.engine import Engine, EngineError
from tests.workflows.packages import HERE, installed

if TYPE_CHECKING:
    from pathlib import Path

    from release.rehearsal.workflows.engine import Json, Scope


class GitHubEngine(Engine):
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
