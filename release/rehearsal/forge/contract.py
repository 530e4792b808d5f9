"""GitHub's own description as a judge of our requests and of the forge's answers.

ContractViolation is raised for a request that GitHub would refuse to take, and for an answer that GitHub
would not give. Requests are judged more strictly than by the description: an unknown field or query parameter
is a misspelt one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonschema.protocols import Validator  # type: ignore[import-untyped]

Json = dict[str, Any]

API_PREFIX = "/api/v3"  # where an Enterprise server has its API, and the forge; api.github.com has none
_SUCCESS = range(200, 300)
_SERVER_FAULT = 500
# the description lists errors only now and then; any operation can answer these, with GitHub's error body
_USUAL_ERRORS = frozenset({401, 403, 404, 405, 409, 422, 429})
_ERROR: Json = {"application/json": {"schema": {"$ref": "#/components/schemas/basic-error"}}}
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s]+")


class ContractViolation(AssertionError):  # noqa: N818  # the field's word
    """A request or an answer that differs from GitHub's description: operation, where, what."""

    def __init__(self, operation: str, where: str, what: str) -> None:
        """Say which operation, in which part of the exchange, and what is wrong there."""
        super().__init__(f"{operation}: {where}: {what}")
        self.operation, self.where, self.what = operation, where, what


@dataclass(frozen=True)
class Operation:
    """One operation of the description, and the variables of the path that was matched (still quoted)."""

    method: str
    template: str
    described: Json
    variables: Mapping[str, str]

    @property
    def name(self) -> str:
        """As GitHub's reference titles it: `GET /repos/{owner}/{repo}`."""
        return f"{self.method} {self.template}"


class Contract:
    """The slice, with a compiled validator for each schema that was needed so far."""

    def __init__(self, document: Json) -> None:
        """Judge by this OpenAPI 3.0 document; nothing is compiled yet."""
        self.document = document
        self._validators: dict[str, Validator] = {}

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], str, Json]]:
        paths = [
            (self._pattern(template, item), template, item)
            for template, item in self.document["paths"].items()
        ]
        # /commits/{ref}/status before /commits/{ref}, whose variable takes slashes; /latest before /{id}
        return sorted(paths, key=lambda path: (-path[1].count("/"), path[1].count("{")))

    def _pattern(self, template: str, item: Json) -> re.Pattern[str]:
        operation = next(iter(item.values()))
        many = {p["name"] for p in map(self.resolved, operation["parameters"]) if p.get("x-multi-segment")}

        def variable(match: re.Match[str]) -> str:
            name = match.group(1)
            return f"(?P<{name}>.+)" if name in many else f"(?P<{name}>[^/]+)"

        return re.compile(re.sub(r"\\{(\w+)\\}", variable, re.escape(template)))

    def resolved(self, node: Json) -> Json:
        """The node, or what its `$ref` names."""
        while "$ref" in node:
            kind, name = node["$ref"].split("/")[2:]
            node = self.document["components"][kind][name]
        return node

    def operation(self, method: str, raw_path: str) -> Operation:
        """The operation of a raw path, quoted as on the wire. Raises ContractViolation if there is none."""
        methods: list[str] = []
        for pattern, template, item in self._paths:
            match = pattern.fullmatch(raw_path)
            if match and method.lower() in item:
                return Operation(method, template, item[method.lower()], match.groupdict())
            methods += item if match else []
        what = f"takes only {', '.join(methods).upper()}" if methods else "no such path in the slice"
        raise ContractViolation(f"{method} {raw_path}", "path", what)

    def check_request(self, method: str, raw_path: str, query: str, content: bytes) -> Operation:
        """The operation, when GitHub would take the request. Raises ContractViolation otherwise."""
        operation = self.operation(method, raw_path)
        parameters = self._parameters(operation)
        values = {"path": dict(operation.variables), "query": dict(parse_qsl(query, keep_blank_values=True))}
        for name in values["query"].keys() - self.queries(operation):
            raise ContractViolation(operation.name, "query", f"unknown parameter {name!r}")
        for item in parameters:
            self._check_parameter(operation, item, values.get(item["in"], {}).get(item["name"]))
        self._check_body(operation, content)
        return operation

    def _parameters(self, operation: Operation) -> list[Json]:
        return [self.resolved(item) for item in operation.described["parameters"]]

    def queries(self, operation: Operation) -> set[str]:
        """The names of what its query may ask."""
        return {item["name"] for item in self._parameters(operation) if item["in"] == "query"}

    def success(self, operation: Operation, *, has_body: bool) -> tuple[int, Json]:
        """Status and schema of an answer that says yes; what is described without a body has an empty schema."""
        described = operation.described["responses"]
        for status in sorted(code for code in described if int(code) in _SUCCESS):
            media = self.resolved(described[status]).get("content", {})
            if has_body is bool(media):
                return int(status), media["application/json"]["schema"] if media else {}
        raise ContractViolation(operation.name, "answer", "a body" if has_body else "no body")

    def body_faults(self, operation: Operation, body: Json) -> list[tuple[str, str]]:
        """Each field of a body that is missing or wrong, with GitHub's code for what it is."""
        described = operation.described.get("requestBody")
        if described is None:
            return []
        schema = described["content"]["application/json"]["schema"]
        missing = [name for name in schema.get("required", ()) if name not in body]
        problems = self._validator(f"{operation.name} faults", schema).iter_errors(body)
        wrong = dict.fromkeys(str(problem.path[0]) for problem in problems if problem.path)
        return [(name, "missing_field") for name in missing] + [(name, "invalid") for name in wrong]

    def _check_parameter(self, operation: Operation, item: Json, text: str | None) -> None:
        if text is not None:
            problem = self._problem(f"{operation.name} {item['name']}", item["schema"], _typed(unquote(text)))
            # a text of digits is a number and a text
            if problem and self._problem(f"{operation.name} {item['name']}", item["schema"], unquote(text)):
                raise ContractViolation(operation.name, f"{item['in']} {item['name']}", problem)
        elif item.get("required") and item["in"] != "header":
            raise ContractViolation(operation.name, item["in"], f"{item['name']} is missing")

    def _check_body(self, operation: Operation, content: bytes) -> None:
        described = operation.described.get("requestBody")
        if not content:
            if described and described.get("required"):
                raise ContractViolation(operation.name, "body", "missing")
            return
        if described is None:
            raise ContractViolation(operation.name, "body", "this operation takes none")
        schema = described["content"]["application/json"]["schema"]
        problem = self._problem(
            f"{operation.name} body", _closed(schema), _parsed(operation, "body", content)
        )
        if problem:
            raise ContractViolation(operation.name, "body", problem)

    def check_answer(self, operation: Operation, status: int, content_type: str, content: bytes) -> None:
        """Raises ContractViolation when GitHub would not answer so. A 5xx may hold anything."""
        described = operation.described["responses"].get(str(status))
        if status >= _SERVER_FAULT:
            return
        if described is None and status not in _USUAL_ERRORS:
            raise ContractViolation(operation.name, "answer", f"status {status} is not described")
        where = f"answer {status}"
        # some errors are described without the body that GitHub sends with each
        media = self.resolved(described or {}).get("content") or ({} if status in _SUCCESS else _ERROR)
        kind = content_type.partition(";")[0]
        if not media:
            if content:
                raise ContractViolation(operation.name, where, "has a body")
            return
        if kind not in media:
            raise ContractViolation(operation.name, where, f"is {kind or 'untyped'}, not {list(media)}")
        value = _parsed(operation, where, content)
        problem = self._problem(f"{operation.name} {status}", media[kind]["schema"], value)
        if problem or (status not in _SUCCESS and "message" not in value):
            raise ContractViolation(operation.name, where, problem or "an error without a message")

    def _problem(self, key: str, schema: Json, value: object) -> str:
        found = next(self._validator(key, schema).iter_errors(value), None)
        return _told(found) if found else ""

    def _validator(self, key: str, schema: Json) -> Validator:
        if key not in self._validators:
            self._validators[key] = _validator(schema, self._components)
        return self._validators[key]

    @cached_property
    def _components(self) -> Json:
        return {"components": {"schemas": _modern(self.document["components"]["schemas"])}}


def _told(error: Any) -> str:  # noqa: ANN401  # jsonschema's error types differ between its versions
    """Where and what; of an anyOf, what is wrong with the alternative that comes nearest."""
    from jsonschema.exceptions import best_match  # type: ignore[import-untyped]

    nearest = best_match([error])
    return f"{nearest.json_path} {nearest.message}"


def _validator(schema: Json, components: Json) -> Validator:
    from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

    formats = FormatChecker(formats=())
    formats.checks("date-time")(lambda value: not isinstance(value, str) or bool(_DATE_TIME.fullmatch(value)))
    formats.checks("uri")(lambda value: not isinstance(value, str) or bool(_URI.fullmatch(value)))
    return Draft202012Validator({**components, "allOf": [_modern(schema)]}, format_checker=formats)


def _modern(node: Any) -> Any:  # noqa: ANN401  # any JSON
    """An OpenAPI 3.0 schema as JSON Schema 2020-12: `nullable` is the only difference that the slice has."""
    if isinstance(node, list):
        return [_modern(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {
        key: _modern(value) for key, value in node.items() if key != "nullable" or isinstance(value, dict)
    }
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


def _closed(schema: Json) -> Json:
    """The schema with unknown fields forbidden, in every object that names its fields."""
    closed = dict(schema)
    if "properties" in schema:
        closed["properties"] = {name: _closed(value) for name, value in schema["properties"].items()}
        if "additionalProperties" not in schema:
            closed["unevaluatedProperties"] = False
    if "items" in schema:
        closed["items"] = _closed(schema["items"])
    return closed


def _typed(text: str) -> object:
    return {"true": True, "false": False}.get(text, int(text) if text.isdecimal() else text)


def _parsed(operation: Operation, where: str, content: bytes) -> Any:  # noqa: ANN401  # any JSON
    try:
        return json.loads(content)
    except ValueError as error:
        raise ContractViolation(operation.name, where, f"not JSON: {error}") from error


@cache
def github() -> Contract:
    """The contract of the slice that is kept beside this file; read once a process."""
    return Contract(json.loads(files(__package__).joinpath("github-slice.json").read_text("utf-8")))
