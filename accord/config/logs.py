"""Logs carry what kind of thing went wrong and where in the code, never what was in it."""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime


class IdsOnly(logging.Formatter):
    """Time, level, logger, and for an exception its type and the code lines it passed - no message, no values.

    Messages of exceptions and libraries may quote a name or a row; file and line tell a developer enough.
    """

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = f"{at} {record.levelname} {record.name}"
        if record.exc_info and record.exc_info[0]:
            frames = traceback.extract_tb(record.exc_info[2])[-6:]
            where = " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames))
            return f"{line} {record.exc_info[0].__name__} at {where}"
        if record.name.startswith("accord"):
            return f"{line} {record.getMessage()}"
        return f"{line} {record.pathname.rsplit('/', 1)[-1]}:{record.lineno}"
