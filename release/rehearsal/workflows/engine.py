"""Reads workflow files and evaluates their expressions: what a runner asks, and the engine that a stage has for it."""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from release.rehearsal.workflows.expressions import (
    ExpressionError,
    evaluate,
    is_truthy,
    text_of,
    with_status,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPRESSION = "${{"
Json = dict[str, Any]
_WHOLE = re.compile(r"^\$\{\{(.*)\}\}$", re.DOTALL)
_PART = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
# what a job's token may do whose workflow asks for nothing: everything, as in repositories of before 2023
_EVERYTHING = ("actions", "checks", "contents", "deployments", "issues", "pull-requests", "statuses")


class EngineError(Exception):
    """A workflow file or an expression that cannot be taken, in words for a person."""


@dataclass(frozen=True)
class Scope:
    """What an expression sees: the contexts, how the job or its needs went so far, and the checkout."""

    contexts: Mapping[str, Any]
    status: str = "success"
    workspace: str = "."


class Engine(ABC):
    """A reader of workflow files and expressions.

    In a tree that it has read an expression is {"${{": text}, and each `if` of a job or step is there, with its status
    function.
    """

    @abstractmethod
    def read(self, file: Path) -> Json:
        """A workflow file. Raises EngineError."""

    @abstractmethod
    def _evaluated(self, expression: str, scope: Scope) -> Json:
        """An expression's `value`, and whether it is `truthy`. Raises EngineError."""

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


class OwnEngine(Engine):
    """YAML by PyYAML, expressions by `expressions`: no Node, and no package of GitHub's."""

    def read(self, file: Path) -> Json:
        """A workflow file. Raises EngineError."""
        try:
            tree = _loaded(file.read_text("utf-8"))
        except ValueError as error:
            raise EngineError(f"{file.name}: {error}") from error
        if not isinstance(tree, dict) or not isinstance(tree.get("jobs"), dict) or "on" not in tree:
            raise EngineError(f"{file.name}: a workflow has `on` and `jobs`")
        granted = tree.get("permissions")
        for job in tree["jobs"].values():
            job["permissions"] = _granted(job.get("permissions", granted))
            job["if"] = _condition(job.get("if"))
            for step in job.get("steps") or ():
                step["if"] = _condition(step.get("if"))
        tree["permissions"] = _granted(granted)
        return dict(_marked(tree))

    def _evaluated(self, expression: str, scope: Scope) -> Json:
        said = {
            name: partial(_is, scope.status, name) for name in ("success", "failure", "cancelled", "always")
        }
        hashed = partial(_hash_files, Path(scope.workspace))
        try:
            value = evaluate(expression, scope.contexts, {**said, "hashfiles": hashed})
        except ExpressionError as error:
            raise EngineError(str(error)) from error
        return {"value": value, "truthy": is_truthy(value)}


def text(value: Any) -> str:  # noqa: ANN401 - JSON
    """A value as GitHub puts it into a variable: nothing for null, no quotes, small true and false."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _loaded(content: str) -> Any:  # noqa: ANN401 - YAML
    """YAML as GitHub reads it: of the words only true and false are truth values. Raises ValueError."""
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """SafeLoader whose `on` and `yes` are texts."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, form) for tag, form in found if tag not in {"tag:yaml.org,2002:bool", _TIMES}]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))
    try:
        return yaml.load(content, Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


_TIMES = "tag:yaml.org,2002:timestamp"


def _granted(permissions: object) -> dict[str, str]:
    """Permissions one by one; where nothing is asked for, or all is, everything."""
    if isinstance(permissions, dict):
        return {str(name): str(level) for name, level in permissions.items()}
    return dict.fromkeys(_EVERYTHING, "read" if permissions == "read-all" else "write")


def _condition(value: object) -> Json:
    said = "" if value is None else text(value).strip()
    whole = _WHOLE.match(said)
    return {EXPRESSION: with_status(whole[1].strip() if whole else said)}


def _marked(tree: Any) -> Any:  # noqa: ANN401 - YAML
    """The same tree, in which each text with expressions is one."""
    if isinstance(tree, dict):
        return {str(name): _marked(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_marked(value) for value in tree]
    return _expression(tree) if isinstance(tree, str) and EXPRESSION in tree else tree


def _expression(said: str) -> Json:
    found = _PART.findall(said)
    if len(found) == 1 and _WHOLE.match(said.strip()):
        return {EXPRESSION: found[0].strip()}
    pieces = _PART.split(said)
    form = "".join(
        f"{{{at // 2}}}" if at % 2 else piece.replace("{", "{{").replace("}", "}}")
        for at, piece in enumerate(pieces)
    )
    quoted = form.replace("'", "''")
    return {EXPRESSION: f"format('{quoted}', {', '.join(one.strip() for one in found)})"}


def _is(status: str, name: str) -> bool:
    return name in {"always", status}


def _hash_files(workspace: Path, *patterns: object) -> str:
    names = {path for pattern in patterns for path in workspace.glob(text_of(pattern)) if path.is_file()}
    digests = [hashlib.sha256(path.read_bytes()).digest() for path in sorted(names)]
    return hashlib.sha256(b"".join(digests)).hexdigest() if digests else ""
