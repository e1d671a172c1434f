"""The law: words, facts, rules as data, and one pure function over them. Imports nothing but the standard library."""

from accord.policy.decide import decide
from accord.policy.law import Law, LawError, parse

__all__ = ["Law", "LawError", "decide", "parse"]
