"""Files that clients upload for their prompts, kept in memory."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from actors.backends.gemini.wire.http_error import HttpError, no_file

# Documented: how long a file is kept.
FILE_LIFE = timedelta(hours=48)
# Of all files together; the service keeps 20 GB, which a machine for tests has not. The oldest go.
MAX_BYTES = 512 * 2**20
# Uploads that were begun and not finished; the oldest go.
MAX_UPLOADS = 100
SERVICE_HOST = "generativelanguage.googleapis.com"


@dataclass
class StoredFile:
    """One file; `display_name` is the client's own."""

    id: str
    mime_type: str
    display_name: str = ""
    data: bytearray = field(default_factory=bytearray)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def to_json(self, base_url: str) -> dict[str, Any]:
        """A `File`."""
        digest = hashlib.sha256(self.data).hexdigest()
        return {
            "name": f"files/{self.id}",
            "displayName": self.display_name,
            "mimeType": self.mime_type,
            "sizeBytes": str(len(self.data)),
            "createTime": _time(self.created),
            "updateTime": _time(self.created),
            "expirationTime": _time(self.created + FILE_LIFE),
            "sha256Hash": base64.b64encode(digest.encode()).decode(),
            "uri": f"{base_url}/v1beta/files/{self.id}",
            "state": "ACTIVE",
            "source": "UPLOADED",
        }


class FileStore:
    """Files by id, the oldest first, and uploads under way by theirs."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}
        self._uploads: dict[str, StoredFile] = {}

    def begin(self, mime_type: str, given: dict[str, Any]) -> str:
        """Begins an upload; `given` is the client's `File`. Returns the id of the upload."""
        wanted = str(given.get("name") or "").removeprefix("files/")
        if wanted in self._files:
            raise HttpError(409, "ALREADY_EXISTS", f"The file {wanted} already exists.")
        name = str(given.get("displayName") or given.get("display_name") or "")
        upload = secrets.token_hex(16)
        self._uploads[upload] = StoredFile(wanted or secrets.token_hex(6), mime_type, name)
        while len(self._uploads) > MAX_UPLOADS:
            del self._uploads[next(iter(self._uploads))]
        return upload

    def add(self, upload: str, data: bytes, offset: int, *, final: bool) -> StoredFile | None:
        """Takes a piece; the whole file once it is there. Raises HttpError."""
        file = self._uploads.get(upload)
        if file is None:
            raise HttpError(404, "NOT_FOUND", "There is no such upload.")
        if offset != len(file.data) or len(file.data) + len(data) > MAX_BYTES:
            raise HttpError(400, "INVALID_ARGUMENT", "The piece does not fit the upload.")
        file.data += data
        if not final:
            return None
        del self._uploads[upload]
        self._files[file.id] = file
        while sum(len(each.data) for each in self._files.values()) > MAX_BYTES:
            del self._files[next(iter(self._files))]
        return file

    def get(self, name: str) -> StoredFile:
        """The file of that id. Raises HttpError in the words of the service."""
        file = self._files.get(name)
        if file is None or datetime.now(UTC) - file.created > FILE_LIFE:
            self._files.pop(name, None)
            raise no_file(name)
        return file

    def named(self, given: dict[str, Any]) -> tuple[bytes, str]:
        """Content and MIME type of a `fileData`. Raises HttpError."""
        uri = str(given.get("fileUri") or "")
        found = re.match(r"https?://([^/:]+)", uri)
        if found is not None and found[1] not in (SERVICE_HOST, "127.0.0.1", "localhost"):
            message = "The simulator fetches nothing: send the data of a fileData inline instead."
            raise HttpError(501, "UNIMPLEMENTED", message)
        file = self.get(uri.rpartition("/")[2])
        return bytes(file.data), str(given.get("mimeType") or file.mime_type)

    def delete(self, name: str) -> None:
        """Forgets a file. Raises HttpError if there is none."""
        self.get(name)
        del self._files[name]

    def newest_first(self) -> list[StoredFile]:
        """All files."""
        return list(reversed(self._files.values()))


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
