"""The one way in: facts, law, ledger, permit."""

from accord.gate.disclosure import Explanation, disclose, explain, preview
from accord.gate.entrance import Caller, Gate, Keys, Refused, SignInAgain

__all__ = [
    "Caller",
    "Explanation",
    "Gate",
    "Keys",
    "Refused",
    "SignInAgain",
    "disclose",
    "explain",
    "preview",
]
