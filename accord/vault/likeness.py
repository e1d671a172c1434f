"""Who in a file seems to be one of us: names of colleagues and of people they are connected to, met by the agency's own
search tokens. Two agencies' tokens never match, so nobody is looked for anywhere else.

Two names are alike when two words of them are the same or sound the same, in any order; a first name alone is nobody's.
A namesake counts: it is the safe side, and a wall can be lifted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from accord.sealing.tokens import name_tokens, query_tokens

#: Words that two names share when they are alike.
SHARED = 2


@dataclass(frozen=True, slots=True)
class Watched:
    """One name that is watched for: whose, and why a file with it is not for her."""

    member: UUID
    kind: str


def words_of(key: bytes, name: str) -> list[frozenset[bytes]]:
    """The tokens of each word of a name: the word and its sounds. Words that may be one, as in López-García or in Maria
    and Marie, count once."""
    found: list[frozenset[bytes]] = []
    for alternatives in query_tokens(key, name):
        word = frozenset(token.value for token in alternatives if token.kind != "first3")
        same = [each for each in found if each & word]
        found = [each for each in found if not each & word] + [word.union(*same)]
    return found


class Watch:
    """The names an agency watches for, and who of them somebody in a file seems to be."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._watched: list[Watched] = []
        self._words: dict[bytes, list[tuple[int, int]]] = defaultdict(list)

    def add(self, name: str, watched: Watched) -> None:
        """Watch for one name; one of a single word is nobody's."""
        words = words_of(self._key, name)
        if len(words) < SHARED:
            return
        self._watched.append(watched)
        for number, word in enumerate(words):
            for value in word:
                self._words[value].append((len(self._watched) - 1, number))

    @property
    def values(self) -> list[bytes]:
        """Every token that is watched for."""
        return list(self._words)

    def met(self, values: Iterable[bytes]) -> list[Watched]:
        """Whom somebody with these tokens seems to be, each colleague once."""
        hits: dict[int, set[int]] = defaultdict(set)
        for value in values:
            for name, word in self._words.get(value, ()):
                hits[name].add(word)
        found: dict[UUID, Watched] = {}
        for name, words in sorted(hits.items()):
            if len(words) >= SHARED:
                found.setdefault(self._watched[name].member, self._watched[name])
        return list(found.values())


def tokens_of(key: bytes, names: Iterable[str]) -> set[bytes]:
    """What names that are not stored are met by."""
    return {token.value for name in names for token in name_tokens(key, name)}
