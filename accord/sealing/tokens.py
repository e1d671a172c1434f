"""Finding a sealed name: keyed tokens of its words, their first three letters and their sound.

A token is HMAC-SHA256 under the agency's search key, cut to 16 bytes: equal for equal input inside one agency, never
between two. A dump shows how many there are and which repeat, not what they say.
"""

import hmac
import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Literal, NamedTuple

from accord.sealing.errors import SealingError
from accord.sealing.keys import KEY_BYTES, bind

Kind = Literal["word", "sound", "first3", "date", "code", "origin", "twin"]


class Token(NamedTuple):
    kind: Kind
    value: bytes


def name_tokens(key: bytes, name: str) -> set[Token]:
    """What to store for a name or alias. Empty for a name without letters. `key`: the agency's 32-byte search key."""
    return {token for word in name_forms(name) for token in _word_tokens(key, word)}


def query_tokens(key: bytes, text: str) -> list[list[Token]]:
    """For each typed word its alternatives, the surest first: word, joined word, sound, first three letters.

    A name answers a word if it holds any of them. Initials and "de la" count only when nothing else was typed; a word
    of one or two letters finds only itself.
    """
    runs = _runs(text)
    telling = any(not _slight(word) for run in runs for word in run)
    found = []
    for run in runs:
        for at, word in enumerate(run):
            if telling and _slight(word):
                continue
            around = [(start, stop) for start, stop in _spans(run) if start <= at < stop and stop - start > 1]
            joined = ["".join(run[start:stop]) for start, stop in around]
            heard = [token for each in joined for token in _word_tokens(key, each) if token.kind != "first3"]
            every = sorted([*_word_tokens(key, word), *heard], key=lambda token: _SUREST.index(token.kind))
            found.append(list(dict.fromkeys(every)))
    return found


def name_words(name: str) -> list[str]:
    """The plain words of a name in their order: without accents, capitals and punctuation."""
    return [word for run in _runs(name) for word in run]


def name_forms(name: str) -> set[str]:
    """Every plain word a name holds, and those that may also be written as one: O'Brien is o, brien and obrien."""
    return {"".join(run[start:stop]) for run in _runs(name) for start, stop in _spans(run)}


def twin_tokens(key: bytes, names: Iterable[str], born: date | None) -> set[Token]:
    """What two files about one person have in common: a full name, its words in any order, or the day of birth with
    the sound of one word of a name. One look-up finds the other file, however many files there are."""
    tokens = set()
    for words in map(name_words, names):
        if len(words) > 1:
            tokens.add(_token(key, "twin", " ".join(sorted(words))))
        if born:
            heard = {sound for word in words if len(word) >= 3 and not _slight(word) for sound in sounds(word)}
            tokens |= {_token(key, "twin", f"{born.isoformat()} {sound}") for sound in heard}
    return tokens


def date_token(key: bytes, day: date) -> Token:
    """For a day of birth; the time of a datetime does not count."""
    return _token(key, "date", date(day.year, day.month, day.day).isoformat())


def code_token(key: bytes, code: str) -> Token:
    """For a case or client number; case, spaces, punctuation do not count. Raises SealingError if nothing is left."""
    plain = "".join(character for character in _plain(code) if character.isalnum())
    if not plain:
        raise SealingError("A code needs at least one letter or digit.")
    return _token(key, "code", plain)


def origin_token(key: bytes, digest: str) -> bytes:
    """What an imported element is known by: 16 bytes under the agency's key, because the digest alone is guessable."""
    return _token(key, "origin", digest).value


def _token(key: bytes, kind: Kind, text: str) -> Token:
    if len(key) != KEY_BYTES:  # HMAC would take an empty key, and every agency's tokens would match
        raise SealingError(f"A search key has {KEY_BYTES} bytes; this has {len(key)}.")
    return Token(kind, hmac.digest(key, bind(kind, text.encode(errors="surrogatepass")), "sha256")[:16])


_SUREST: tuple[Kind, ...] = ("word", "sound", "first3")


def _word_tokens(key: bytes, word: str) -> list[Token]:
    tokens = [_token(key, "word", word)]
    if len(word) >= 3 and not _slight(word):
        tokens += [_token(key, "sound", sound) for sound in sounds(word)]
        tokens.append(_token(key, "first3", word[:3]))
    return tokens


# Words

# Written apart or together as the clerk pleases: De la Cruz, Dela Cruz, Delacruz; O'Brien, O Brien, Obrien.
_PREFIX = re.compile(
    "al|ap|bin|d|da|das|de|del|dela|den|der|di|do|dos|du|el|ibn|l|la|las|le|los|mac|mc|o|ten|ter|van|von"
)
_SAME = str.maketrans({**dict.fromkeys("’‘ʼʻ`´′", "'"), **dict.fromkeys("‐‑‒–—", "-")})
_UNDECOMPOSED = str.maketrans({"đ": "d", "ð": "d", "ł": "l", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_WORD = re.compile(r"[^\W\d_]+")


def _slight(word: str) -> bool:
    return len(word) == 1 or _PREFIX.fullmatch(word) is not None


def _plain(text: str) -> str:
    """Without accents and capitals: NFKD, casefold, marks removed."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.translate(_SAME)).casefold())
    return "".join(each for each in folded if unicodedata.category(each)[0] != "M").translate(_UNDECOMPOSED)


def _runs(text: str) -> list[list[str]]:
    """Words, together where one name may also be written as one word: after a prefix, an apostrophe or a hyphen."""
    plain = _plain(text)
    runs: list[list[str]] = []
    end = 0
    for match in _WORD.finditer(plain):
        if runs and (plain[end : match.start()] in ("'", "-") or _PREFIX.fullmatch(runs[-1][-1])):
            runs[-1].append(match.group())
        else:
            runs.append([match.group()])
        end = match.end()
    return runs


def _spans(run: list[str]) -> list[tuple[int, int]]:
    """Every stretch of one to four words: Núñez-O'Brien is also sought as Obrien."""
    return [(start, stop) for start in range(len(run)) for stop in range(start + 1, min(start + 4, len(run)) + 1)]


# Sound: a word read aloud in Spanish and in English, as consonants; a first vowel is A. Rules run in order; capitals
# are sounds, small letters still letters. So Jiménez, Gimenez, Ximenez and (English ear) Himenez meet in HMNS; Yesenia,
# Llesenia and (English reading) Jessenia in YSN; Stephanie and Estefany in STFN; Valdez and Baldes in BLDS.
_FIRST = [
    (r"^(?:kn|gn)", "n"), (r"^wr", "r"), (r"ph", "F"), (r"th", "T"), (r"tch|sch|sh", "X"), (r"ch(?=[lr]|ae)", "K"),
    (r"ch", "X"), (r"gh(?=[nt]|$)", ""), (r"gh", "G"), (r"gu(?=[ei])", "G"), (r"ck|c?qu?|kh", "K"),
    (r"c(?=[eiy])", "S"), (r"c", "K"), (r"z", "S"), (r"^y(?=[aeiou])", "Y"), (r"^w", "W"), (r"w", ""),
]  # fmt: skip
_SPANISH = [
    (r"^hu(?=[aeo])", "W"), (r"h", ""), (r"[jx]|g(?=[eiy])", "H"), (r"ll|(?<=[aeiou])y(?=[aeiou])", "Y"), (r"v", "B"),
    (r"^e(?=s[^aeiouy]|S[^aeiouy])", ""),
]  # fmt: skip
_ENGLISH = [(r"^h", "H"), (r"h", ""), (r"j|g(?=[eiy])", "Y"), (r"x", "KS"), (r"v", "F")]
_LAST = [(r"^[aeiouy]+", "A"), (r"(?i)([a-z])\1+", r"\1"), (r"[aeiouy]", "")]
_LETTERS = re.compile("[^a-z]")
_READINGS = [
    [(re.compile(pattern), sound) for pattern, sound in (*_FIRST, *reading, *_LAST)] for reading in (_SPANISH, _ENGLISH)
]


def sounds(word: str) -> list[str]:
    """The one or two sound codes of a plain word, 2 to 6 letters each; none where only a letter would be left."""
    codes = []
    for reading in _READINGS:
        code = _LETTERS.sub("", word)
        for pattern, sound in reading:
            code = pattern.sub(sound, code)
        codes.append(code.upper()[:6])
    return [code for code in dict.fromkeys(codes) if len(code) >= 2]
