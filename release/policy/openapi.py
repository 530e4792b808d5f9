"""Two OpenAPI 3 documents, old against new (pure): what a client of the old one loses, and what is added.

Written here because no library fits: those for Python are of this year, abandoned, or compare keys without knowing
which side of the wire they are on; the well-kept ones are Go programs that npm fetches as a binary while it installs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from release.database.differences import Difference
from release.frozen import Frozen
from release.policy.openapi_limits import limits

if TYPE_CHECKING:
    from collections.abc import Iterator

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_DEEPEST = 12
Side = Literal["request", "response"]
Node = Mapping[str, Any]
_NOTHING: Node = {}


class Document(Frozen, frozen=True):
    """A parsed document; `at` follows references within it."""

    root: Node

    def at(self, node: object) -> Node:
        """A node as a mapping, its reference followed; nothing where there is none."""
        for _ in range(_DEEPEST):
            if not isinstance(node, Mapping):
                return _NOTHING
            reference = node.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#/"):
                return node
            node = self._named(reference)
        return _NOTHING

    def operations(self) -> dict[str, tuple[Node, Node]]:
        """Each operation, such as "GET /pages/{id}", and the path that it is on."""
        found = {}
        for path, item in self.at(self.root.get("paths")).items():
            held = self.at(item)
            for method in held.keys() & _METHODS:
                found[f"{method.upper()} {path}"] = (self.at(held[method]), held)
        return found

    def roots(self) -> frozenset[str]:
        """The paths under which the servers answer."""
        listed = self.root.get("servers") or ({"url": "/"},)
        return frozenset(
            urlsplit(str(self.at(one).get("url", "/"))).path.rstrip("/") or "/" for one in listed
        )

    def sign_in(self, operation: Node) -> list[Node]:
        """The ways to sign in that an operation takes, each by what its schemes are; none where it asks for none."""
        schemes = self.at(self.at(self.root.get("components")).get("securitySchemes"))
        asked = operation.get("security", self.root.get("security", []))
        return [
            {name: (scopes, _bare(self.at(schemes.get(name)))) for name, scopes in one.items()}
            for one in asked
        ]

    def _named(self, reference: str) -> object:
        node: object = self.root
        for part in reference[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            node = node.get(key) if isinstance(node, Mapping) else None
        return node


def differences(before: Node, after: Node) -> tuple[Difference, ...]:
    """What was removed or changed (breaking), and what was added."""
    return tuple(dict.fromkeys(_Comparison(Document(before), Document(after)).all()))


class _Comparison(Frozen, frozen=True):
    old: Document
    new: Document

    def all(self) -> Iterator[Difference]:
        before, after = self.old.operations(), self.new.operations()
        for name in sorted(after.keys() - before.keys()):
            yield Difference(name, "is new", breaking=False)
        for name in sorted(before):
            if name not in after:
                yield Difference(name, "is gone", breaking=True)
            else:
                yield from self._operation(name, before[name], after[name])
        for path in sorted(self.old.roots() - self.new.roots()):
            yield Difference(f"server path {path}", "is gone", breaking=True)

    def _operation(self, name: str, old: tuple[Node, Node], new: tuple[Node, Node]) -> Iterator[Difference]:
        yield from self._parameters(name, old, new)
        yield from self._body(name, old[0].get("requestBody"), new[0].get("requestBody"))
        before, after = self.old.at(old[0].get("responses")), self.new.at(new[0].get("responses"))
        for status in sorted(map(str, before)):
            if status not in after:
                yield Difference(f"{name} {status}", "is answered no more", breaking=status.startswith("2"))
            else:
                yield from self._content(f"{name} {status}", before[status], after[status], "response")
                heads = [
                    self.old.at(before[status]).get("headers"),
                    self.new.at(after[status]).get("headers"),
                ]
                for head in sorted(self.old.at(heads[0]).keys() - self.new.at(heads[1]).keys()):
                    yield Difference(f"{name} {status} header {head}", "is gone", breaking=True)
        for status in sorted(map(str, after.keys() - before.keys())):
            yield Difference(f"{name} {status}", "is a new answer", breaking=False)
        yield from self._security(name, old[0], new[0])

    def _parameters(self, name: str, old: tuple[Node, Node], new: tuple[Node, Node]) -> Iterator[Difference]:
        before, after = _parameters(self.old, *old), _parameters(self.new, *new)
        for key in sorted(before.keys() - after.keys()):
            if key[0] != "path":  # the path itself names those
                yield Difference(f"{name} {key[0]} {key[1]}", "is read no more", breaking=True)
        for key, parameter in sorted(after.items()):
            thing = f"{name} {key[0]} {key[1]}"
            required = bool(parameter.get("required")) and key[0] != "path"
            if key not in before:
                word = "is new and required" if required else "is new"
                yield Difference(thing, word, breaking=required)
                continue
            if required and not before[key].get("required"):
                yield Difference(thing, "is required now", breaking=True)
            yield from self._schemas(thing, before[key].get("schema"), parameter.get("schema"), "request")

    def _body(self, name: str, old: object, new: object) -> Iterator[Difference]:
        before, after = self.old.at(old), self.new.at(new)
        if before and not after:
            yield Difference(f"{name} body", "is read no more", breaking=True)
        elif after.get("required") and not before.get("required"):
            yield Difference(f"{name} body", "is required now", breaking=True)
        elif after and not before:
            yield Difference(f"{name} body", "is new", breaking=False)
        if before and after:
            yield from self._content(f"{name} body", before, after, "request")

    def _content(self, thing: str, old: object, new: object, side: Side) -> Iterator[Difference]:
        before = self.old.at(self.old.at(old).get("content"))
        after = self.new.at(self.new.at(new).get("content"))
        for kind in sorted(map(str, before)):
            if kind not in after:
                yield Difference(f"{thing} {kind}", "is gone", breaking=True)
                continue
            schemas = self.old.at(before[kind]).get("schema"), self.new.at(after[kind]).get("schema")
            yield from self._schemas(thing, *schemas, side)
        for kind in sorted(map(str, after.keys() - before.keys())):
            yield Difference(f"{thing} {kind}", "is new", breaking=False)

    def _security(self, name: str, old: Node, new: Node) -> Iterator[Difference]:
        before, after = self.old.sign_in(old), self.new.sign_in(new)
        if not after or {} in after:
            if before and {} not in before:
                yield Difference(name, "asks for no sign-in now", breaking=False)
        elif not before or any(one not in after for one in before):
            yield Difference(name, "signs in otherwise", breaking=True)
        elif len(after) > len(before):
            yield Difference(name, "takes another sign-in too", breaking=False)

    def _schemas(
        self, thing: str, old: object, new: object, side: Side, depth: int = 0
    ) -> Iterator[Difference]:
        before, after = self.old.at(old), self.new.at(new)
        if depth > _DEEPEST or (before == after and depth):
            return
        yield from _types(thing, before, after, side)
        yield from _values(thing, before, after, side)
        yield from limits(thing, before, after, side)
        yield from self._properties(thing, before, after, side, depth)
        if "items" in before and "items" in after:
            yield from self._schemas(f"{thing}[]", before["items"], after["items"], side, depth + 1)
        for word in ("allOf", "anyOf", "oneOf"):
            if len(before.get(word, ())) == len(after.get(word, ())):
                for one, other in zip(before.get(word, ()), after.get(word, ()), strict=True):
                    yield from self._schemas(thing, one, other, side, depth + 1)
            elif before.get(word) != after.get(word):
                yield Difference(thing, f"is put together otherwise ({word})", breaking=True)

    def _properties(self, thing: str, old: Node, new: Node, side: Side, depth: int) -> Iterator[Difference]:
        before, after = self.old.at(old.get("properties")), self.new.at(new.get("properties"))
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        for key in sorted(before.keys() - after.keys()):
            yield Difference(f"{thing}.{key}", "is gone", breaking=True)
        for key in sorted(after.keys() - before.keys()):
            is_asked = side == "request" and key in needs
            yield Difference(f"{thing}.{key}", "is new and required" if is_asked else "is new", is_asked)
        for key in sorted(before.keys() & after.keys()):
            if side == "request" and key in needs - needed:
                yield Difference(f"{thing}.{key}", "is required now", breaking=True)
            if side == "response" and key in needed - needs:
                yield Difference(f"{thing}.{key}", "may be left out now", breaking=True)
            yield from self._schemas(f"{thing}.{key}", before[key], after[key], side, depth + 1)


def _bare(scheme: Node) -> Node:
    return {word: value for word, value in scheme.items() if word != "description"}


def _parameters(document: Document, operation: Node, path: Node) -> dict[tuple[str, str], Node]:
    listed = (*path.get("parameters", ()), *operation.get("parameters", ()))
    found = [document.at(one) for one in listed]
    return {(str(one.get("in")), str(one.get("name"))): one for one in found}


def _types(thing: str, old: Node, new: Node, side: Side) -> Iterator[Difference]:
    before, after = _kinds(old), _kinds(new)
    if before == after:
        return
    fits = (not after or before <= after) if side == "request" else (not before or after <= before)
    said = f"is {_told(after)} now, was {_told(before)}"
    yield Difference(thing, said, breaking=not (fits and (before or side == "response")))


def _kinds(schema: Node) -> frozenset[str]:
    kind = schema.get("type", ())
    kinds = {kind} if isinstance(kind, str) else set(map(str, kind))
    return frozenset(kinds | ({"null"} if schema.get("nullable") else set()))


def _told(kinds: frozenset[str]) -> str:
    return " or ".join(sorted(kinds)) or "anything"


def _values(thing: str, old: Node, new: Node, side: Side) -> Iterator[Difference]:
    """Values that are listed: a request may list more, an answer fewer."""
    before, after = old.get("enum"), new.get("enum")
    if before == after:
        return
    gone = [one for one in before or () if after is not None and one not in after]
    added = [one for one in after or () if before is not None and one not in before]
    if before is None or gone:
        breaking = side == "request"
        yield Difference(thing, f"takes only {after}" if before is None else f"has {gone} no more", breaking)
    if after is None or added:
        breaking = side == "response"
        yield Difference(thing, "may be any value now" if after is None else f"may be {added} too", breaking)
