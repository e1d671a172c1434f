"""What can go wrong with keys, each said in one sentence a person can act on."""


class SealingError(Exception):
    """Something handed to this room cannot be used as it is."""


class WrongKey(SealingError):
    """The key is lost or another one, or what was stored has been changed. Nothing was opened."""


class KeyringError(SealingError):
    """The keyring file is missing, unreadable, open to others, or not a keyring."""
