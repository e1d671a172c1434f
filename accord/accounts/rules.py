"""How a code is spelled that one person reads to another."""

from __future__ import annotations

#: No vowels and no look-alikes: read aloud over the phone it is understood, and it spells nothing.
CODE_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"
