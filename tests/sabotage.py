"""Break one line at a time, and see a test fail: `make sabotage`, or `python -m tests.sabotage NAME...` for some.

Works on a copy; the checkout is never touched. A breakage that no test notices is printed and fails the run: either the
tests have a hole or the line does nothing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 600  # seconds for one breakage


@dataclass(frozen=True)
class Breakage:
    """One line made wrong: where, what stands there, what it becomes, and which tests must notice."""

    name: str
    file: str
    line: str
    broken: str
    tests: str


BREAKAGES = (
    # the law
    Breakage("a withdrawn release still opens", "accord/policy/decide.py", "at >= release.withdrawn_at", "False", "tests/policy/test_every_question.py"),
    Breakage("an ended release still opens", "accord/policy/decide.py", "    if at >= release.until:", "    if False:", "tests/policy/test_every_question.py"),
    Breakage("a release to somebody else opens", "accord/policy/decide.py", "or release.recipient != recipient.id", "or False", "tests/policy/test_every_question.py"),
    Breakage("a release about somebody else opens", "accord/policy/decide.py", "release.subject != question.thing.subject", "False", "tests/policy/test_every_question.py"),
    Breakage("agencies may fetch", "accord/policy/decide.py", "if asker.id != holder.id:", "if False:", "tests/policy/test_every_question.py"),
    Breakage("bars are skipped", "accord/policy/decide.py", "_closers(tables.bars, question) or ", "", "tests/policy/test_every_question.py"),
    Breakage("blocks are skipped", "accord/policy/decide.py", "    closed = _blocks(tables, question)\n    if closed:\n        return _refused(closed, question)\n    if release is None:", "    if release is None:", "tests/policy/test_every_question.py"),
    Breakage("VAWA needs no signature", "accord/policy/laws/us-federal.toml", '"signed", ', "", "tests/policy/test_every_question.py"),
    # the gate
    Breakage("any client may be asked for", "accord/gate/entrance.py", "if standing is None or thing is None:", "if standing is None:", "tests/rooms/test_spine.py tests/proofs"),
    Breakage("only the first verb is asked about", "accord/gate/entrance.py", "for verb in asked.verbs:", "for verb in asked.verbs[:1]:", "tests/rooms/test_spine.py tests/proofs tests/house"),
    Breakage("no leaf for a yes", "accord/gate/entrance.py", "self._write(asked, decision, outcome=True, permit=permit)", "pass", "tests/rooms/test_spine.py"),
    Breakage("no leaf for a no", "accord/gate/entrance.py", "            self._refuse(asked, no.decision if isinstance(no, _No) else None)\n", "", "tests/rooms/test_spine.py"),
    Breakage("no leaf for what was not there", "accord/gate/entrance.py", "except (_No, Refused) as no:", "except _No as no:", "tests/rooms/test_jobs.py"),
    Breakage("a permit outlives its transaction", "accord/gate/entrance.py", "                    permit.close()", "                    pass", "tests/proofs tests/rooms"),
    Breakage("nobody is warned of what police must keep", "accord/gate/disclosure.py", "keeps=applies(duties.get(Obligation.RETAIN_SEALED, ()), question)", "keeps=False", "tests/rooms/test_web_releases.py"),
    Breakage("full where she said summary", "accord/gate/disclosure.py", "content=narrowed(content, decision.level)", "content=content", "tests/rooms/test_spine.py"),
    # sharing
    Breakage("a summary carries the narrative", "accord/sharing/rules.py", "            summary=content.summary,\n        )", "            summary=content.summary,\n            narrative=content.narrative,\n        )", "tests/rooms/test_spine.py"),
    Breakage("withdrawing leaves the envelopes", "accord/sharing/actions.py", "withdrawn_at=at,\n        sealed=", "sealed=", "tests/rooms/test_spine.py tests/proofs"),
    Breakage("withdrawn content is kept by everybody", "accord/sharing/actions.py", "When(retain=True, then=F(\"sealed\"))", "When(retain=False, then=F(\"sealed\"))", "tests/proofs tests/rooms/test_spine.py"),
    # PostgreSQL
    Breakage("withdrawn envelopes are shown", "accord/sharing/migrations/0002_security.py", 'ALIVE = "withdrawn_at is null and until_at', 'ALIVE = "until_at', "tests/proofs/test_row_security.py tests/proofs/test_withdrawal.py"),
    Breakage("ended envelopes are shown", "accord/sharing/migrations/0002_security.py", " and until_at > statement_timestamp()", "", "tests/proofs"),
    Breakage("row-level security is not forced", "accord/database/security.py", ", f\"alter table {table} force row level security\"]", "]", "tests/house/test_catalog.py"),
    Breakage("anybody's rows", "accord/database/security.py", 'MINE = f"agency_id = {ME}"', 'MINE = "true"', "tests/house tests/proofs/test_row_security.py"),
    Breakage("the context's signature is not checked", "accord/database/migrations/0001_context.py", "  if not found then return null; end if;\n", "", "tests/proofs/test_row_security.py"),
    Breakage("an expired context is good", "accord/database/migrations/0001_context.py", "  if parts[5]::bigint < extract(epoch from statement_timestamp()) then return null; end if;\n", "", "tests/proofs/test_row_security.py"),
    Breakage("a signed release can be edited", "accord/sharing/migrations/0002_security.py", "old.signed_at is not null and before <> after", "false", "tests/proofs/test_row_security.py"),
    Breakage("the ledger can be changed", "accord/ledger/migrations/0002_security.py", 'APPEND_ONLY = {"update": "never", "delete": "never"}', "APPEND_ONLY = {}", "tests/house tests/proofs"),
    # sealing
    Breakage("a field opens in another row", "accord/sealing/fields.py", "bind(\"accord/field\", agency, table, column, row)", "bind(\"accord/field\", agency, table, column)", "tests/rooms/test_sealing_fields.py"),
    Breakage("an envelope is bound to nothing", "accord/sharing/rules.py", '"accord-envelope-1", recipient, holder, envelope, thread', '"accord-envelope-1"', "tests/proofs/test_swaps.py"),
    Breakage("every agency searches with one key", "accord/sealing/vault.py", "{1: new_keypair().private}, new_key())", "{1: new_keypair().private}, bytes(32))", "tests/rooms/test_sealing_vault.py tests/proofs"),
    # the doors
    Breakage("a refusal looks different", "accord/doors/web/middleware.py", "return absent(request)", "return HttpResponse(\"no\", status=403)", "tests/rooms/test_web_oversight.py"),
    Breakage("pages may be cached", "accord/doors/web/middleware.py", '"no-store"', '"private"', "tests/rooms/test_web_signin.py tests/proofs/test_canaries.py tests/rooms/test_web_clients.py"),
)  # fmt: skip


def caught(breakage: Breakage, home: Path) -> str:
    """Empty when a test failed as it must; otherwise what is wrong."""
    copy = home / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", ".demo", "__pycache__", ".hypothesis"))
    path = copy / breakage.file
    text = path.read_text("utf-8")
    if breakage.line not in text:
        return "the line is not there any more: mend the list"
    path.write_text(text.replace(breakage.line, breakage.broken, 1), "utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not prove and not journey", *breakage.tests.split()]
    try:
        done = subprocess.run(
            command, cwd=copy, env=_environment(copy), capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {PATIENCE} s"
    return "" if done.returncode == 1 else f"NOT CAUGHT (pytest said {done.returncode}): {done.stdout[-300:]}"


def _environment(copy: Path) -> dict[str, str]:
    import os

    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ACCORD_", "DJANGO_"))}
    samples = kept.get("SAMPLES_DIR", str(ROOT.parent / "shared" / "samples"))
    return (
        kept
        | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        | ({"SAMPLES_DIR": samples} if Path(samples).exists() else {})
    )


def main(names: list[str]) -> int:
    chosen = [breakage for breakage in BREAKAGES if not names or any(name in breakage.name for name in names)]
    failures = 0
    with tempfile.TemporaryDirectory(prefix="accord-sabotage-") as home:
        Path(home).chmod(0o711)
        for number, breakage in enumerate(chosen, 1):
            start = time.monotonic()
            wrong = caught(breakage, Path(home))
            failures += bool(wrong)
            said = wrong or "caught"
            print(f"{number:2}/{len(chosen)} {breakage.name}: {said} ({time.monotonic() - start:.0f} s)", flush=True)
    print(f"{len(chosen) - failures} of {len(chosen)} caught")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
