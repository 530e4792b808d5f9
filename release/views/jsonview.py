"""What scripts see: one JSON object on stdout, and nothing else there."""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO

from release.views.sink import Sink


def document(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """The object as text, in ASCII alone: no encoding and no control character can break it. One final line end."""
    return json.dumps(value, indent=2) + "\n"


def write(value: Any, out: TextIO | None = None) -> None:  # noqa: ANN401
    """Write the one object, to stdout unless told otherwise."""
    sink = Sink(out or sys.stdout)
    sink.write(document(value))
    sink.flush()
