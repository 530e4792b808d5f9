"""The part of GitHub's own OpenAPI description that the local forge serves, cut out of the official file.

Run `python -m tools.github_slice api.github.com.json` to write `github-slice.json` and `NOTICE.md`
anew; the file is in the npm package `@octokit/openapi`, under `generated/`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from release.rehearsal.forge.routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]


def _served() -> dict[str, tuple[str, ...]]:
    """The methods of each path that the forge has a handler for."""
    paths: dict[str, tuple[str, ...]] = {}
    for method, path in ROUTES:
        paths[path] = (*paths.get(path, ()), method.lower())
    return paths


OPERATIONS = _served()

_PROSE = frozenset(
    {
        *("description", "summary", "title", "tags", "deprecated", "readOnly"),
        *("example", "examples", "externalDocs", "headers", "servers"),
    }
)
_NAMED = frozenset({"properties", "schemas", "responses", "paths"})  # their keys are names, never prose
_KEPT_EXTENSION = "x-multi-segment"  # a path parameter whose value may hold slashes

_NOTICE = """# Notice

`github-slice.json` is cut out of GitHub's OpenAPI description of its REST API, taken from the npm package
`@octokit/openapi` {version} (file `generated/api.github.com.json`), which is generated from
`github/rest-api-description`. Both are published under the MIT licence:

{licence}
The slice keeps {operations} operations and every schema that they refer to. Descriptions, examples and vendor
extensions are left out. `python -m tools.github_slice` makes it anew.
"""


def cut(description: Json) -> Json:
    """The slice: OPERATIONS and what they refer to, without prose, as an OpenAPI 3.0 document.

    Raises KeyError when the description has no such path or method.
    """
    paths = {
        path: {method: _without_prose(description["paths"][path][method]) for method in methods}
        for path, methods in OPERATIONS.items()
    }
    components: Json = {}
    todo = list(_references(paths))
    while todo:
        kind, name = todo.pop()
        if name in components.setdefault(kind, {}):
            continue
        components[kind][name] = _without_prose(description["components"][kind][name])
        todo.extend(_references(components[kind][name]))
    info = {"title": "a slice of GitHub's REST API", "version": description["info"]["version"]}
    return {"openapi": description["openapi"], "info": info, "paths": paths, "components": components}


def dump(document: Json) -> str:
    """The slice as JSON, a line for each path and component, so that a new version's diff can be read."""
    return _lines(document, depth=3 if "components" in document else 1) + "\n"


def _lines(node: object, depth: int) -> str:
    if depth == 0 or not isinstance(node, dict):
        return json.dumps(node, separators=(",", ":"), sort_keys=True)
    inner = ",\n".join(f"{json.dumps(key)}:{_lines(node[key], depth - 1)}" for key in sorted(node))
    return f"{{\n{inner}\n}}"


def _without_prose(node: Any, *, names: bool = False) -> Any:  # noqa: ANN401  # any JSON in, the same kind out
    if isinstance(node, list):
        return [_without_prose(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_prose(value, names=key in _NAMED and not names)
        for key, value in node.items()
        if names or key == _KEPT_EXTENSION or not (key in _PROSE or key.startswith("x-"))
    }


def _references(node: object) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        target = node.get("$ref")
        if isinstance(target, str):
            _, _, kind, name = target.split("/")
            yield kind, name
        for value in node.values():
            yield from _references(value)


def write(source: Path, folder: Path) -> int:
    """Write `github-slice.json` and `NOTICE.md` into `folder` from the official file; returns the bytes."""
    document = cut(json.loads(source.read_text("utf-8")))
    package = source.parent.parent
    text = dump(document)
    (folder / "github-slice.json").write_text(text, "utf-8")
    notice = _NOTICE.format(
        version=json.loads((package / "package.json").read_text("utf-8"))["version"],
        licence="\n".join(
            f"> {line}".rstrip() for line in (package / "LICENSE").read_text("utf-8").splitlines()
        )
        + "\n",
        operations=sum(len(methods) for methods in OPERATIONS.values()),
    )
    (folder / "NOTICE.md").write_text(notice, "utf-8")
    return len(text)


def main(arguments: list[str]) -> int:
    """The command; its argument is the path of `api.github.com.json` in its npm package. The exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m tools.github_slice PATH_TO_api.github.com.json\n")
        return 2
    size = write(Path(arguments[0]), Path(__file__).parent)
    sys.stdout.write(f"github-slice.json: {size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
