"""`make bench`: measurements as JSON on standard output, progress on standard error. `python -m bench --clients 1000
100000` chooses the sizes, `--only pages ledger` the parts. Every figure is compared with something of the same run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from bench.measure import quantiles, say

#: The pages come first: what other parts found would be in their directory.
PARTS = ("pages", "policy", "sealing", "documents", "sharing", "caseload", "conversation", "work", "ledger")


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench")
    options.add_argument("--clients", type=int, nargs="+", default=[1_000, 100_000])
    options.add_argument("--requests", type=int, default=200)
    options.add_argument("--leaves", type=int, default=1_000_000)
    options.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    chosen = options.parse_args()

    home = Path(tempfile.mkdtemp(prefix="accord-bench-"))
    home.chmod(0o711)
    from accord.config import postgres
    from accord.config.environment import Environment
    from accord.config.migrate import migrate
    from accord.sealing import keyring

    server = postgres.ensure(home / "postgres")
    try:
        keyring.create(home / "keyring.json")
        environment = Environment.read({"ACCORD_DATA_DIR": str(home)}).connected(
            app_url=server.app_url, owner_url=server.owner_url
        )
        migrate(environment)
        os.environ.update(environment.connected(app_url=server.app_url).variables())
        os.environ["DJANGO_SETTINGS_MODULE"] = "accord.config.settings"
        import django

        django.setup()
        from bench import caseload, conversation, documents, ledger, pages, policy, sealing, sharing, work

        parts = {
            "pages": lambda: pages.measure(environment, chosen.clients, chosen.requests),
            "policy": policy.measure,
            "sealing": sealing.measure,
            "documents": documents.measure,
            "sharing": sharing.measure,
            "caseload": caseload.measure,
            "conversation": conversation.measure,
            "work": lambda: work.measure(environment, chosen.requests, max(chosen.clients)),
            "ledger": lambda: ledger.measure(chosen.leaves, home),
        }
        machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0]}
        result = {"machine": machine} | {part: parts[part]() for part in PARTS if part in chosen.only}
        json.dump(result, sys.stdout, indent=2)
        print()
    finally:
        server.stop()
        postgres.remove(home / "postgres")
        shutil.rmtree(home, ignore_errors=True)


__all__ = ["quantiles", "say"]

if __name__ == "__main__":
    main()
