"""npm without Node: the same three methods; it packs as npm does, and makes the very requests that npm makes."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from release.run.effects.packing import read_tarball
from release.systems.npm.client import Npm, failure
from release.systems.npm.registry import token_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import httpx

    from release.systems.machine.secrets import Mask

CODES = {401: "E401", 403: "E403", 404: "E404", 409: "E409"}
_OK = 300
_TIME = 499162500  # npm gives every file this date, so that a tarball depends on its content alone
_ALWAYS = ("package.json", "README.md", "LICENSE")


class HttpNpm(Npm):
    """npm as a double has it."""

    def __init__(self, root: Path, environ: Mapping[str, str], mask: Mask) -> None:
        """Prepare; nothing is asked yet."""
        super().__init__(root, environ, mask)
        self._folder = root
        self._headers = {"authorization": f"Bearer {token_of(environ)}"} if token_of(environ) else {}

    def at(self, root: Path) -> HttpNpm:
        """The same client for another checkout."""
        return HttpNpm(root, self._environ, self._mask)

    def check(self) -> None:
        """Nothing is needed."""

    def pack(self, folder: str, to: Path, deadline: float, tell: Callable[[str], None]) -> Path:
        """Pack what `files` names, and what npm always takes along."""
        del deadline
        place = self._folder / folder
        manifest = json.loads((place / "package.json").read_bytes())
        to.mkdir(parents=True, exist_ok=True)
        name = f"{manifest['name'].removeprefix('@').replace('/', '-')}-{manifest['version']}.tgz"
        (to / name).write_bytes(tarball(dict(_chosen(place, manifest))))
        tell(name)
        return to / name

    def publish(
        self,
        tarball: Path,
        package: str,
        registry: str,
        words: tuple[str, ...],
        deadline: float,  # noqa: ARG002 - the real one's
        tell: Callable[[str], None],
    ) -> None:
        """Look whether the version is there, then put the one document that holds everything."""
        body, read = tarball.read_bytes(), read_tarball(tarball, str)
        version = str(read.manifest["version"])
        url = f"{registry}/{quote(package, safe='@')}"
        with self._client() as client:
            known = self._ask(client, "GET", url, fine=frozenset({404}))
            if version in (known or {}).get("versions", {}):
                line = f"npm error You cannot publish over the previously published versions: {version}."
                raise failure("publish", 1, (line,))
            document = document_of(
                package, version, read.manifest, body, words[words.index("--tag") + 1], url
            )
            self._ask(client, "PUT", url, document)
        tell(f"+ {package}@{version}")

    def _client(self) -> httpx.Client:
        import httpx

        return httpx.Client(headers=self._headers, verify=False, trust_env=False)  # noqa: S501 - loopback, without TLS

    def _ask(
        self,
        client: httpx.Client,
        method: str,
        url: str,
        document: object = None,
        fine: frozenset[int] = frozenset(),
    ) -> dict[str, Any] | None:
        import httpx

        try:
            answer = client.request(method, url, json=document) if document else client.request(method, url)
        except httpx.TransportError as error:
            raise failure(
                "publish", 1, ("npm error code ECONNRESET", f"npm error network {error}")
            ) from error
        if answer.status_code in fine:
            return None
        if answer.status_code >= _OK:
            code = CODES.get(answer.status_code, f"E{answer.status_code}")
            raise failure(
                "publish",
                1,
                (f"npm error code {code}", f"npm error {answer.status_code} {method} - {answer.text[:120]}"),
            )
        return dict(answer.json())


def tarball(files: Mapping[str, bytes]) -> bytes:
    """A tarball as npm makes them: everything under `package/`, the same bytes for the same content."""
    plain, packed = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mtime = len(content), _TIME
            archive.addfile(entry, io.BytesIO(content))
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        file.write(plain.getvalue())
    return packed.getvalue()


def _chosen(place: Path, manifest: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    for name in (*_ALWAYS, *manifest.get("files", ())):
        found = place / name
        below = sorted(found.rglob("*")) if found.is_dir() else [found]
        for path in below:
            if path.is_file():
                yield path.relative_to(place).as_posix(), path.read_bytes()


def document_of(
    package: str, version: str, manifest: Mapping[str, Any], body: bytes, tag: str, url: str
) -> dict[str, Any]:
    """What libnpmpublish puts: the manifest with its dist, the dist-tag, and the tarball as an attachment."""
    sha512 = base64.b64encode(hashlib.sha512(body).digest()).decode()
    file = f"{package}-{version}.tgz"
    dist = {
        "integrity": f"sha512-{sha512}",
        "shasum": hashlib.sha1(body).hexdigest(),  # noqa: S324 - what npm calls shasum
        "tarball": f"{url}/-/{file}",
    }
    attachment = {
        "content_type": "application/octet-stream",
        "data": base64.b64encode(body).decode(),
        "length": len(body),
    }
    return {
        "_id": package,
        "name": package,
        "dist-tags": {tag: version},
        "versions": {version: {**manifest, "_id": f"{package}@{version}", "dist": dist}},
        "access": None,
        "_attachments": {file: attachment},
    }
