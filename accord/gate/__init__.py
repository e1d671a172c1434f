"""The one way in: facts, law, ledger, permit."""

from accord.gate.disclosure import Explanation, Warnings, disclose, disclose_all, explain, preview, preview_all, warn
from accord.gate.entrance import Caller, Gate, Keys, Refused, SignInAgain

__all__ = [
    "Caller",
    "Explanation",
    "Gate",
    "Keys",
    "Refused",
    "SignInAgain",
    "Warnings",
    "disclose",
    "disclose_all",
    "explain",
    "preview",
    "preview_all",
    "warn",
]
