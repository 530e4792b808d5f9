"""Keeps secrets out of everything that is shown or kept."""

from __future__ import annotations

import base64
import json
import re
from itertools import product
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHORTEST = 6  # a shorter value would mask ordinary words
_SECRET_NAME = re.compile(
    r"(TOKEN|SECRET|PASSWORD|PASSWD|_KEY|APIKEY|CREDENTIAL|COOKIE|WEBHOOK|APPRISE)", re.IGNORECASE
)
_SEVERAL = re.compile(r"[\s,]+")
_GIT_HEADER = re.compile(r"^authorization: *\S+ +(\S+)$", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether an environment variable of this name is taken to hold a secret."""
    return _SECRET_NAME.search(name) is not None


def without_secrets(environ: Mapping[str, str], mask: Callable[[str], str]) -> dict[str, str]:
    """The variables that code under test or in a build may see: none is a secret, or holds one that `mask` knows."""
    return {
        name: value for name, value in environ.items() if not is_secret_name(name) and mask(value) == value
    }


class Mask(Frozen, frozen=True):
    """Replaces the given values, also in base64 and URL-encoded form, with `***`."""

    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Mask:
        """A mask for every variable whose name says that it is secret, and for git's extra headers."""
        found = {value for name, value in environ.items() if is_secret_name(name)}
        headers = (
            _GIT_HEADER.match(value)
            for name, value in environ.items()
            if name.startswith("GIT_CONFIG_VALUE_")
        )
        found |= {match[1] for match in headers if match}
        found |= {line for value in found for line in value.splitlines()}  # output comes line by line
        found |= {url for value in found for url in _SEVERAL.split(value) if "://" in url}
        forms = {form for value in found if len(value) >= SHORTEST for form in _forms(value)}
        return cls(tuple(sorted(forms, key=len, reverse=True)))

    def __call__(self, text: str) -> str:
        """`text` without the secrets."""
        for value in self.values:
            text = text.replace(value, "***")
        return text


def _forms(value: str) -> set[str]:
    raw = value.encode()
    forms = {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1]}
    # In the middle of a longer base64 text the same bytes stand in one of three alignments.
    for shift, encode in product(range(3), (base64.b64encode, base64.urlsafe_b64encode)):
        encoded = encode(b"\0" * shift + raw).decode().rstrip("=")
        inner = encoded[4 if shift else 0 : len(encoded) - (1 if (shift + len(raw)) % 3 else 0)]
        forms |= {inner, encode(raw).decode()}
    return {form for form in forms if len(form) >= SHORTEST}
