"""The archive of models: a folder, or anything fsspec speaks to, with the newest few artifacts of each shard."""

from __future__ import annotations

import re

from fsspec.core import url_to_fs

from schemas.errors import Fatal, Retryable
from schemas.version import Version
from sinks.keys import checked
from sinks.pace import Pace

_FILE = re.compile(r"(\d+)-(\d+)-(\d+)\.model")


class ModelArchive:
    """The artifacts of one model under `<url>/<model>/<epoch>-<count>-<shard>.model`; `keep` of each shard are kept.

    Methods raise Retryable, naming the address, when the store behind it is away or full.
    """

    def __init__(self, url: str, model: str, keep: int, pace: Pace) -> None:
        self._url = f"{url.rstrip('/')}/{checked('model', model)}"
        self._keep = keep
        self._pace = pace
        try:
            self._files, self._folder = url_to_fs(self._url)
        except (ValueError, ImportError) as error:
            raise Fatal(f'model archive "{url}": {error}', hint="give a folder, or a URL that fsspec knows") from error

    def offer(self, shard: int, version: Version, artifact: bytes) -> bool:
        """Writes the artifact if it is time to; gives whether it did."""
        if not self._pace.due(shard):
            return False
        self.write(shard, version, artifact)
        self._pace.mark(shard)
        return True

    def write(self, shard: int, version: Version, artifact: bytes) -> None:
        """Stores an artifact whole or not at all, then removes the oldest beyond `keep`."""
        path = self._path(shard, version)
        try:
            self._files.makedirs(self._folder, exist_ok=True)
            self._files.pipe_file(f"{path}.part", artifact)
            self._files.mv(f"{path}.part", path)
            for old in self.versions(shard)[: -self._keep]:
                self._files.rm_file(self._path(shard, old))
        except OSError as error:
            raise self._away(error) from error

    def versions(self, shard: int) -> list[Version]:
        """The versions in the archive, oldest first."""
        try:
            self._files.invalidate_cache()
            names = [path.rsplit("/", 1)[-1] for path in self._files.ls(self._folder, detail=False)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._away(error) from error
        found = [match for match in map(_FILE.fullmatch, names) if match and int(match[3]) == shard]
        return sorted(Version(int(match[1]), int(match[2])) for match in found)

    def _path(self, shard: int, version: Version) -> str:
        return f"{self._folder}/{version.epoch}-{version.count}-{shard}.model"

    def _away(self, error: OSError) -> Retryable:
        return Retryable(f'model archive "{self._url}": {error}', hint="is there room, and may we write there?")
