"""How an upload lies in the database: under the agency's vault key, bound to its row, and gone with it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from accord.records.caseload.rules import Cell, Row
from accord.sealing.fields import aad, open_sealed, seal
from accord.sealing.keys import Secret, bind, derive
from accord.sealing.vault import Vault
from accord.vault.rules import packed


@dataclass(frozen=True, slots=True)
class Plan:
    """What she decided: which column is what, the order of day and month, and the rows that stay out."""

    mapping: Mapping[int, str]
    order: str = ""
    left_out: frozenset[int] = frozenset()

    def packed(self) -> bytes:
        return packed(
            {
                "mapping": {str(column): field for column, field in self.mapping.items()},
                "order": self.order,
                "left_out": sorted(self.left_out),
            }
        )

    @classmethod
    def of(cls, data: bytes) -> Plan:
        said = json.loads(data)
        return cls(
            {int(column): field for column, field in said["mapping"].items()},
            said["order"],
            frozenset(said["left_out"]),
        )


@dataclass(frozen=True, slots=True)
class Front:
    """What is shown of a table before it is read: its headers and first rows; for each column the ways its days can be
    read (`rules.evidence`)."""

    headers: tuple[str, ...]
    first: tuple[Row, ...]
    days: tuple[tuple[bool, str], ...]

    def packed(self) -> bytes:
        return packed({"headers": self.headers, "first": written(self.first), "days": self.days})

    @classmethod
    def of(cls, data: bytes) -> Front:
        said = json.loads(data)
        return cls(
            tuple(said["headers"]), read(said["first"]), tuple((matters, order) for matters, order in said["days"])
        )


def close(vault: Vault, upload: UUID, version: int, column: str, row: UUID, data: bytes) -> bytes:
    """Seal for one place of one upload. Raises KeyError for a vault key this vault does not hold."""
    return seal(_key(vault, upload, version), zlib.compress(data, 1), aad(vault.agency_id, "caseload", column, row))


def opened(vault: Vault, upload: UUID, version: int, column: str, row: UUID, sealed: bytes) -> bytes:
    """Raises WrongKey when it was sealed for another place or changed, KeyError for a key that is no longer held."""
    place = aad(vault.agency_id, "caseload", column, row)
    return zlib.decompress(open_sealed(_key(vault, upload, version), sealed, place))


def written(rows: Sequence[Row]) -> list[Any]:
    """Rows as plain values: a day is a list of one, so that it stays told apart from text."""
    return [[row.number, [_plain(cell) for cell in row.cells], row.digest] for row in rows]


def read(values: Sequence[Any]) -> tuple[Row, ...]:
    return tuple(Row(number, tuple(map(_cell, cells)), digest) for number, cells, digest in values)


def _plain(cell: Cell) -> Any:
    return [cell.isoformat()] if isinstance(cell, date) else cell


def _cell(value: Any) -> Cell:
    return date.fromisoformat(value[0]) if isinstance(value, list) else str(value)


def _key(vault: Vault, upload: UUID, version: int) -> Secret:
    return derive(vault.keys[version], bind("accord/caseload", vault.agency_id, upload))
