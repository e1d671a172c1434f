"""Names are found as people write, hear and type them, and tokens of two agencies never meet."""

import unicodedata
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.sealing.errors import SealingError
from accord.sealing.keys import new_key
from accord.sealing.tokens import Token, code_token, date_token, name_tokens, query_tokens, sounds

KEY, OTHER = new_key(), new_key()
names = st.text(st.sampled_from("aáeéñNñoOuüyYzsdlr'’-. ") | st.characters(exclude_categories=["Cs"]), max_size=25)


def found(typed: str, name: str) -> bool:
    """Every typed word is answered by the name, by any alternative."""
    stored = name_tokens(KEY, name)
    return all(stored.intersection(word) for word in query_tokens(KEY, typed))


def best(typed: str, name: str) -> list[str]:
    """For each typed word the surest kind that answers, '' for none."""
    stored = name_tokens(KEY, name)
    return [next((token.kind for token in word if token in stored), "") for word in query_tokens(KEY, typed)]


@given(names)
def test_tokens_are_the_same_every_time_and_never_between_agencies(name: str) -> None:
    mine = name_tokens(KEY, name)
    assert mine == name_tokens(KEY, name)
    assert not {token.value for token in mine} & {token.value for token in name_tokens(OTHER, name)}
    assert all(len(token.value) == 16 for token in mine)


@given(names)
def test_a_name_finds_itself_however_it_is_encoded_or_capitalised(name: str) -> None:
    for typed in (name, unicodedata.normalize("NFD", name), unicodedata.normalize("NFC", name), name.lower()):
        assert set(best(typed, name)) <= {"word"}
    bare = "".join(each for each in unicodedata.normalize("NFD", name) if unicodedata.category(each)[0] != "M")
    assert set(best(bare, name)) <= {"word"}


@given(names, names)
def test_any_part_of_a_double_name_is_enough(one: str, other: str) -> None:
    assert found(one, f"{one} {other}")
    assert found(other, f"{one} , {other}") or not query_tokens(KEY, other)


@pytest.mark.parametrize("nothing", ["", " ", "-", "'", "...", "123", "\u0301", "_ _", "\u200d"])
def test_no_letters_no_tokens(nothing: str) -> None:
    assert name_tokens(KEY, nothing) == set()
    assert query_tokens(KEY, nothing) == []


@pytest.mark.parametrize("short", ["J", "ñ", "O", "y", "Y", "Li", "Bo", "李", "Ñu"])
def test_one_and_two_letter_names_find_themselves_only(short: str) -> None:
    assert {token.kind for token in name_tokens(KEY, short)} == {"word"}
    assert best(short, short) == ["word"]
    assert not found(short, "Juan Olivia Lidia Bonilla Nuria")


ROSA = "María Rosa de la Cruz y Núñez-O’Brien"


@pytest.mark.parametrize(
    "typed",
    ["maria", "MARIA ROSA", "Maria R. Cruz", "de la Cruz", "dela cruz", "Delacruz", "nunez", "Nuñez O'Brien", "obrien",
     "O Brien", "O´Brien", "Núñez", "Nun\u0303ez-Obrien", "brien", "Cruz Nunez", "Cruz y Nuñez", "de la", "y"],
)  # fmt: skip
def test_spanish_names_are_found_word_by_word(typed: str) -> None:
    assert set(best(typed, ROSA)) == {"word"}


@pytest.mark.parametrize(
    ("typed", "name"),
    [("Annmarie", "Ann-Marie Smith"), ("Ann-Marie", "Annmarie Smith"), ("Mc Donald", "McDonald"),
     ("D'Angelo", "Dangelo"), ("Mcdonald", "Mc Donald"), ("van der Berg", "Vanderberg"),
     ("Van", "Nguyen Van Anh"), ("dang", "Đặng"),
     ("strasse", "Straße"), ("soren", "Søren"), ("kaahumanu", "Kaʻahumanu"), ("garcia marquez", "García-Márquez"),
     ("Garcia y Vega", "García Vega"), ("Maria J Lopez", "María Juana López"), ("ILGIN", "Ilgın")],
)  # fmt: skip
def test_names_are_found_written_apart_or_together(typed: str, name: str) -> None:
    assert set(best(typed, name)) == {"word"}


@pytest.mark.parametrize(
    "alike",
    ["Jiménez Gimenez Ximenez", "Jiménez Himenez", "José Hose", "Yesenia Jessenia Llesenia", "Valdez Baldes Valdes",
     "González Gonsales Gonzales", "Hernández Ernandes", "Chávez Chaves Shaves", "Velásquez Belazkes Velazquez",
     "Cristina Christina Kristina", "Katherine Catherine Kathryn", "Michael Mikel", "Stephen Steven Stephan",
     "Geoffrey Jeffrey", "George Jorge", "Giovanni Jovani Yovani", "Bryan Brian", "Castillo Castiyo", "Huerta Werta",
     "Stephanie Estefany Estefani", "Wright Rite", "Knight Night", "Muñoz Munos", "Hannah Ana Anna", "Elena Helena",
     "Elizabeth Elisabet", "Smith Smyth", "Thomas Tomás", "McDonald MacDonald", "Xavier Javier", "Zúñiga Suniga",
     "Quintero Kintero", "Mejía Mexia", "Sepúlveda Cepulbeda", "Isabel Ysabel", "Reyes Reies", "Vaughn Vaun",
     "Phillips Filips", "Alejandra Alexandra", "Esther Ester", "Rebecca Rebeka"],
)  # fmt: skip
def test_names_that_sound_alike_meet(alike: str) -> None:
    name, *others = alike.split()
    for other in others:
        assert best(other, name)[0] in ("word", "sound"), other
        assert best(name, other)[0] in ("word", "sound"), other


@pytest.mark.parametrize(
    "unlike", ["Garcia Lopez", "Maria Marta", "Ana Eva", "Smith Jones", "Ramirez Rodriguez", "Castillo Castro"]
)
def test_names_that_do_not_sound_alike_stay_apart(unlike: str) -> None:
    one, other = unlike.split()
    assert not set(sounds(one.lower())) & set(sounds(other.lower()))


def test_the_first_three_letters_find_what_is_being_typed() -> None:
    assert best("Guad", "Guadalupe Ortega") == ["first3"]
    assert best("ort", "Guadalupe Ortega") == ["first3"]
    assert best("or", "Guadalupe Ortega") == [""]
    assert not found("Guad Lopez", "Guadalupe Ortega")


def test_alternatives_come_surest_first_without_repeats() -> None:
    for word in query_tokens(KEY, f"{ROSA} Jiménez"):
        kinds = [token.kind for token in word]
        assert kinds == sorted(kinds, key=["word", "sound", "first3"].index)
        assert len(word) == len(set(word))
        assert kinds[0] == "word"
        assert kinds.count("first3") <= 1


@given(st.text(st.characters(categories=["Ll"]), max_size=40))
def test_a_sound_is_two_to_six_plain_letters(word: str) -> None:
    assert all(2 <= len(code) <= 6 and code.isalpha() and code.isascii() and code.isupper() for code in sounds(word))


def test_dates_and_codes() -> None:
    day = date(1990, 2, 28)
    assert date_token(KEY, day) == date_token(KEY, datetime(1990, 2, 28, 23, 59))
    assert date_token(KEY, day) != date_token(KEY, date(1990, 2, 27))
    assert code_token(KEY, " ab-12/3 ") == code_token(KEY, "AB 123") != code_token(KEY, "AB 124")
    assert date_token(KEY, day).value != date_token(OTHER, day).value
    assert code_token(KEY, "1990-02-28").value != date_token(KEY, day).value
    for empty in ("", " - "):
        with pytest.raises(SealingError, match="at least one"):
            code_token(KEY, empty)


def test_kinds_never_share_a_token() -> None:
    tokens = [*name_tokens(KEY, "ana"), code_token(KEY, "ana")]
    assert len({token.value for token in tokens}) == len(tokens) == 4
    assert all(isinstance(token, Token) for token in tokens)


@pytest.mark.parametrize("length", [0, 16, 33])
def test_an_empty_or_short_search_key_is_refused(length: int) -> None:
    with pytest.raises(SealingError, match="search key"):
        name_tokens(b"k" * length, "Ana")
