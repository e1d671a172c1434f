"""How a case goes through a protocol: values and their checks, no rows, no clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

#: How a due ends: it was done; she declined it, or it is not safe now, both as good as done; the state was left, and
#: leaving it was what had to be done; or the state was left and it does not matter any more.
HOWS: Final = ("done", "declined", "not_safe", "left", "over")
