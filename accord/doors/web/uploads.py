"""Uploads stay in memory and small: a file on the server's disk would be an unsealed copy."""

from __future__ import annotations

from django.core.files.uploadhandler import MemoryFileUploadHandler, StopUpload

#: Bytes. The largest real C-CDA document we know of is under 1 MB.
MOST_BYTES = 20_000_000
#: What the rest of the form may add.
FORM_BYTES = 100_000


class BoundedMemoryHandler(MemoryFileUploadHandler):
    """Keeps an upload in memory, and stops at `MOST_BYTES`; the form then finds `too_large` on the request."""

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):  # type: ignore[no-untyped-def]
        self.request.too_large = content_length > MOST_BYTES + FORM_BYTES  # type: ignore[union-attr]
        self.activated = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self.request.too_large or start + len(raw_data) > MOST_BYTES:  # type: ignore[union-attr]
            self.request.too_large = True  # type: ignore[union-attr]
            raise StopUpload(connection_reset=False)
        return super().receive_data_chunk(raw_data, start)
