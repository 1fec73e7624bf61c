"""Files in a folder as a sink."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from schemas.errors import Fatal

Format = Literal["avro", "parquet"]


@dataclass(frozen=True)
class Folder:
    """Results to files in a folder, each file whole and never changed again once it can be seen.

    Delivery: exactly once, by Flink's file sink: a file is written under a hidden name, and gets its own with the
    checkpoint that its results belong to; so there are new files at every checkpoint. Readers have to pass over names
    that begin with a dot, as they usually do: a crash leaves such files behind, and they are rubbish then. Unit of
    parallelism: the slot, each of which writes files of its own. `path` is a folder that all TaskManagers see: a local
    one, or a URL of a file system that Flink has the plugin for.

    `schema` names the Avro schema of the features to write, one that ships or the path of an .avsc file.
    Without it all are written, as they are known before anything runs; predictions have a schema of their own.

    >>> Folder("/data/delays").uri
    'file:///data/delays'
    >>> Folder("s3://bucket/delays").uri
    's3://bucket/delays'
    """

    path: str
    format: Format = "avro"
    schema: str | None = None

    def __post_init__(self) -> None:
        if not self.path:
            raise Fatal("folder: the path is empty")
        if self.format not in get_args(Format):
            raise Fatal(f'folder "{self.path}": format "{self.format}" is neither "avro" nor "parquet"')

    @property
    def place(self) -> str:
        """Where the results are, in words."""
        return f"{self.format} files in {self.path}, exactly once"

    @property
    def uri(self) -> str:
        """The path as a URL; a relative one begins where the workflow is submitted."""
        return self.path if "://" in self.path else Path(self.path).absolute().as_uri()
