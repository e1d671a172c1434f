"""The generated documents: up to date, and complete."""

from __future__ import annotations

from django.db import connection
from typer.testing import CliRunner

from accord.doors.cli import pages
from accord.doors.cli.main import app

RUNNER = CliRunner()


def test_every_table_of_the_database_is_in_the_page_with_every_column():
    page = pages.dump_page()
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        assert len(tables) > 25
        for table in tables:
            assert f"### `{table}`" in page, table
            if table not in pages.BESIDE:
                part = page.split(f"### `{table}`", 1)[1].split("###", 1)[0]
                for column in connection.introspection.get_table_description(cursor, table):
                    assert f"| `{column.name}` |" in part, (table, column.name)


def test_check_changes_nothing_and_fails_on_a_stale_document(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "HOME", tmp_path)
    done = RUNNER.invoke(app, ["docs", "--check"])
    assert done.exit_code == 1
    assert "docs/law.md" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert RUNNER.invoke(app, ["docs"]).exit_code == 0
    assert RUNNER.invoke(app, ["docs", "--check"]).exit_code == 0
    (tmp_path / "law.md").write_text("changed by hand")
    done = RUNNER.invoke(app, ["docs", "--check"])
    assert done.exit_code == 1
    assert done.stderr == "Not up to date: docs/law.md. Run `make docs`.\n"
