"""Where a log is published, or a mirror of it kept: a folder, an address that any web server answers at, or a bucket (S3)."""

import os
import tempfile
from pathlib import Path
from typing import Any, Protocol

from ledger.errors import Unavailable, Usage
from ledger.fetch import check_url, fetch


class Place(Protocol):
    """Files by their path; none is ever removed."""

    def read(self, path: str, limit: int) -> bytes | None:
        """All of a file, None where there is none. Raises Unavailable for more than `limit` bytes, or where it cannot be read."""

    def write(self, path: str, data: bytes) -> None:
        """A whole file at once, in the place of another. Raises Unavailable where that cannot be done."""


class FolderPlace:
    """A folder, which is made if it is not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, path: str, limit: int) -> bytes | None:
        try:
            with open(self.folder / path, "rb", opener=_no_link) as file:
                data = file.read(limit + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"{self.folder / path} cannot be read: {error.strerror}") from None
        if len(data) > limit:
            raise Unavailable(f"{self.folder / path} is larger than it can be: it is not what its name says")
        return data

    def write(self, path: str, data: bytes) -> None:
        target = self.folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".new-", delete=False) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(file.name, 0o644)  # for a web server to read
            os.replace(file.name, target)
        except OSError as error:
            raise Unavailable(f"{target} cannot be written: {error.strerror}; the same command goes on from here") from None


class UrlPlace:
    """Below an address of http or https; only read."""

    def __init__(self, url: str) -> None:
        self._url = check_url(url).rstrip("/")

    def read(self, path: str, limit: int) -> bytes | None:
        answer = fetch(f"{self._url}/{path}", limit=limit)
        if answer.status in (404, 410):
            return None
        if answer.status != 200:
            raise Unavailable(f"{self._url}/{path} answers with status {answer.status}; try again later")
        return answer.body

    def write(self, path: str, data: bytes) -> None:
        raise Usage(f"{self._url} cannot be written to: publish into a folder or a bucket (s3://…)")


class BucketPlace:
    """A bucket of any service that speaks S3; keys, region and endpoint come from the environment (AWS_…)."""

    def __init__(self, url: str) -> None:
        try:
            from obstore.store import S3Store
        except ImportError:
            raise Unavailable("a bucket needs obstore: pip install 'evidence-custody[s3]'") from None
        self._url, self._store = url, S3Store.from_url(url, **_from_environment())

    def read(self, path: str, limit: int) -> bytes | None:
        import obstore

        try:
            found = obstore.get(self._store, path)
            if found.meta["size"] > limit:
                raise Unavailable(f"{self._url}/{path} is larger than it can be: it is not what its name says")
            return bytes(found.bytes())
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._failed(path, error) from None

    def write(self, path: str, data: bytes) -> None:
        import obstore

        try:
            obstore.put(self._store, path, data)
        except Exception as error:
            raise self._failed(path, error) from None

    def _failed(self, path: str, error: Exception) -> Unavailable:
        if isinstance(error, Unavailable):
            return error
        return Unavailable(f"{self._url}/{path}: {str(error).splitlines()[0] if str(error) else type(error).__name__}; try again")


def place_of(word: str) -> Place:
    """By what it looks like."""
    if word.startswith("s3://"):
        return BucketPlace(word)
    return UrlPlace(word) if "://" in word else FolderPlace(Path(word))


def _from_environment() -> dict[str, Any]:
    """Plain HTTP where the endpoint asks for it: a server on this computer."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    return {"client_options": {"allow_http": True}} if endpoint.startswith("http://") else {}


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
