"""Files of any store that fsspec knows: which there are, whether they have changed, and their bytes."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

import fsspec
import pyarrow

from schemas.errors import Fatal, Retryable

# how stores call what changes with a file's content
_STAMPS = ("ETag", "etag", "mtime", "LastModified", "last_modified", "updated", "created")
_WILD = "*?["
# what the libraries of stores raise besides OSError when a store is away; those of others are not loaded
_AWAY = {"botocore.exceptions": "BotoCoreError", "aiohttp": "ClientError", "gcsfs.retry": "HttpError"}


@dataclass(frozen=True)
class Seen:
    """A file as it was at one look: its size in bytes, and a stamp that changes with its content."""

    size: int
    stamp: str


class FileSystem:
    """The files that match a glob, by their names relative to its fixed part. Raises Retryable, Fatal."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        try:
            self._store, self._glob = fsspec.url_to_fs(pattern)
        except (ValueError, ImportError) as error:
            raise Fatal(
                f'files "{pattern}": {error}', hint="fsspec lists the stores, and the package of each"
            ) from error
        fixed = tuple(_until_wild(PurePosixPath(self._glob).parts))
        self._root = str(PurePosixPath(*fixed)) if len(fixed) < len(PurePosixPath(self._glob).parts) else None

    def look(self) -> dict[str, Seen]:
        """The files that are there now, those left out whose names begin with a dot or an underscore."""
        with self._errors():
            self._store.invalidate_cache()
            found = self._store.glob(self._glob, detail=True) if self._root else self._alone()
        files = {path: info for path, info in found.items() if info["type"] == "file"}
        return {
            self._name(path): _seen(info) for path, info in files.items() if PurePosixPath(path).name[0] not in "._"
        }

    def stat(self, name: str) -> Seen | None:
        """The file as it is now, None if it is gone."""
        with self._errors():
            self._store.invalidate_cache()
            try:
                # a listing, as `look` makes one: what info() says differs from it in some stores
                found = self._store.ls(self._path(name), detail=True)
            except FileNotFoundError:
                return None
        return _seen(found[0]) if found else None

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """The bytes of a file, decompressed where its name says that they are compressed."""
        with self._errors(), self._store.open(self._path(name), "rb") as file:
            if name.endswith(".gz"):
                yield cast(BinaryIO, gzip.GzipFile(fileobj=file))
            elif name.endswith(".zst"):
                # zstandard takes a stream that is cut short for one that has ended
                yield cast(BinaryIO, io.BufferedReader(pyarrow.CompressedInputStream(file, "zstd")))
            else:
                yield file

    def _alone(self) -> dict[str, Any]:
        """What is listed where the glob is a path."""
        try:
            return {info["name"]: info for info in self._store.ls(self._glob, detail=True)}
        except FileNotFoundError:
            return {}

    def _name(self, path: str) -> str:
        return PurePosixPath(path).name if self._root is None else str(PurePosixPath(path).relative_to(self._root))

    def _path(self, name: str) -> str:
        return self._glob if self._root is None else f"{self._root.rstrip('/')}/{name}"

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise Fatal(f'files "{self._pattern}": {error}', hint="see that they may be read") from error
        except _away() as error:
            raise Retryable(f'files "{self._pattern}": {error}', hint="see that the store answers") from error


def _away() -> tuple[type[Exception], ...]:
    return OSError, *(getattr(sys.modules[module], name) for module, name in _AWAY.items() if module in sys.modules)


def _until_wild(parts: tuple[str, ...]) -> Iterator[str]:
    """The parts of a path before the first wild one."""
    for part in parts:
        if any(sign in part for sign in _WILD):
            return
        yield part


def _seen(info: dict[str, Any]) -> Seen:
    stamp = next((str(info[name]) for name in _STAMPS if info.get(name) is not None), "")
    return Seen(int(info["size"]), stamp)
