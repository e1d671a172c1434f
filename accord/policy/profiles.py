"""Which documents make up the law of a place: the rules of the house, a base, and over it the overlay of a state."""

from __future__ import annotations

from collections.abc import Mapping

from accord.policy.law import LawError

HOUSE = ("house-rules.toml", "own-agency.toml")
USUAL = "us-federal"

PROFILES: Mapping[str, tuple[str, ...]] = {
    "us-federal": (*HOUSE, "us-federal.toml"),
    "us-alabama": (*HOUSE, "us-federal.toml", "us-alabama.toml"),
    "us-alaska": (*HOUSE, "us-federal.toml", "us-alaska.toml"),
    "us-georgia": (*HOUSE, "us-federal.toml", "us-georgia.toml"),
    "uk-marac": (*HOUSE, "uk-marac.toml"),
}


def documents(profile: str) -> tuple[str, ...]:
    """The names of a profile's documents. Raises LawError for a profile there is not."""
    if profile not in PROFILES:
        raise LawError(f"there is no profile {profile!r}; known are: {', '.join(PROFILES)}")
    return PROFILES[profile]
