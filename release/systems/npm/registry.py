"""An npm registry, read over HTTP: packuments, tarballs, and whether a token is known. Nothing is written here."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from release.errors import CannotReadError
from release.model.registry import Package, Published
from release.systems.web.http import PassingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.systems.web.http import Answer, Http

FOUND, MISSING, UNAUTHORIZED, FORBIDDEN = 200, 404, 401, 403
FETCH = 300.0  # seconds for a whole tarball
MOST_TARBALL = 256 * 1024 * 1024
TOKENS = ("NODE_AUTH_TOKEN", "NPM_TOKEN")
_ADVICE = "Check the network and the registry's address (`npm config get registry`), then run the same command again."


def token_of(environ: Mapping[str, str]) -> str:
    """The npm token in the environment; empty where there is none."""
    return next((environ[name] for name in TOKENS if environ.get(name)), "")


def may_trust(environ: Mapping[str, str]) -> bool:
    """Whether this run can prove to a registry which workflow it is (trusted publishing, provenance)."""
    needed = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    return all(environ.get(name) for name in needed)


class Registry:
    """Reads of one registry after another. Each raises CannotReadError."""

    def __init__(self, http: Http, environ: Mapping[str, str]) -> None:
        self._http = http
        self._token = token_of(environ)

    def package(self, registry: str, name: str) -> Package:
        """Everything that a registry knows of a package; an empty one where it knows none of that name."""
        answer = self._read(registry, f"{registry}/{quote(name, safe='@')}")
        if answer.status == MISSING:
            return Package(name, registry)
        if answer.status in {UNAUTHORIZED, FORBIDDEN}:
            raise CannotReadError(
                f"The registry {registry} does not let this token read {name} ({answer.status}).",
                "Set NODE_AUTH_TOKEN to a token that may read and publish it (docs/publishing.md).",
            )
        try:
            return _understood(answer, registry, name)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CannotReadError(
                f"The registry {registry} answered {answer.status} with something that is no packument.",
                _ADVICE,
            ) from None

    def refusal(self, registry: str) -> str | None:
        """Why the token in the environment is of no use at a registry; None when it is known, or when it does not say."""
        if not self._token:
            return "there is no npm token, and no trusted publishing"
        answer = self._read(registry, f"{registry}/-/whoami")
        try:  # a registry may take a token that it does not know for nobody's
            is_nobody = answer.status == FOUND and not answer.json().get("username")
        except (ValueError, AttributeError):
            is_nobody = False
        return (
            "the registry does not know the npm token" if is_nobody or answer.status == UNAUTHORIZED else None
        )

    def integrity(self, registry: str, address: str) -> str:
        """The sha512 integrity of a tarball as it is handed out, computed from its bytes."""
        answer = self._read(registry, urljoin(f"{registry}/", address), most=MOST_TARBALL)
        if answer.status != FOUND:
            raise CannotReadError(f"The registry answers {answer.status} for the tarball.", _ADVICE)
        return integrity_of(answer.body)

    def size(self, registry: str, address: str) -> int | None:
        """The bytes of a tarball, by its header; None where the registry does not say."""
        try:
            answer = self._http.send(
                "HEAD", urljoin(f"{registry}/", address), headers=self._known(registry, address)
            )
        except PassingError:
            return None
        said = answer.headers.get("content-length", "")
        return int(said) if answer.status == FOUND and said.isdigit() else None

    def _known(self, registry: str, url: str) -> dict[str, str]:
        """The token, for the registry's own host alone."""
        own = urlsplit(urljoin(f"{registry}/", url)).netloc == urlsplit(registry).netloc
        return {"authorization": f"Bearer {self._token}"} if self._token and own else {}

    def _read(self, registry: str, url: str, most: int | None = None) -> Answer:
        headers = self._known(registry, url)
        try:
            if most is not None:
                return self._http.send("GET", url, headers=headers, most=most, whole=FETCH)
            return self._http.read(url, headers={**headers, "cache-control": "no-cache"})
        except PassingError as error:
            raise CannotReadError(f"The registry {registry} cannot be read: {error}.", _ADVICE) from error


def integrity_of(body: bytes) -> str:
    """What npm calls the integrity of a tarball: sha512 in base64."""
    return f"sha512-{base64.b64encode(hashlib.sha512(body).digest()).decode()}"


def _understood(answer: Answer, registry: str, name: str) -> Package:
    document: dict[str, Any] = answer.json()
    if answer.status != FOUND or document["name"] != name:
        raise ValueError(name)
    versions = {
        str(version): _published(str(version), of["dist"]) for version, of in document["versions"].items()
    }
    known = {key for key in document.get("time") or {} if key not in {"created", "modified", "unpublished"}}
    gone = (document.get("time") or {}).get("unpublished") or {}
    retired = {*known, *map(str, gone.get("versions", ()))} - set(versions)
    return Package(name, registry, versions, dict(document.get("dist-tags") or {}), frozenset(retired))


def _published(version: str, dist: Mapping[str, Any]) -> Published:
    unpacked = dist.get("unpackedSize")
    integrity = str(dist.get("integrity") or "")
    return Published(
        version, integrity, str(dist["tarball"]), unpacked if isinstance(unpacked, int) else None
    )
