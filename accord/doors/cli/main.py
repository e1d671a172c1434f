"""`accord`: the command line. Whatever goes wrong is one sentence on standard error and exit code 2, never a traceback:
a traceback would print what was in memory."""

from __future__ import annotations

import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from accord.doors.cli import agencies, backup, consents, demonstration, documents, keys, laws, ledgers, pages, serving
from accord.doors.cli.place import Stop, say

#: What the libraries below say about a database that is away or of another version.
DATABASE = {
    "OperationalError": "The database does not answer: see that it runs, and that ACCORD_DATABASE_URL is right.",
    "PoolTimeout": "The database does not answer: see that it runs, and that ACCORD_DATABASE_URL is right.",
    "ProgrammingError": "The database is not at this version: run `accord serve --migrate`, as its owner.",
}


class Plain(TyperGroup):
    """The root of all commands: it turns what they raise into a sentence."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except KeyboardInterrupt:
            say("Stopped.")
            raise typer.Exit(130) from None
        except Exception as error:
            say(sentence(error))
            raise typer.Exit(error.code if isinstance(error, Stop) else 2) from None


def sentence(error: Exception) -> str:
    """What to tell about an error. Accord's own say what to do; of others only kind and place, for they may repeat
    names and values."""
    kind = type(error)
    if kind.__name__ in ("Refused", "SignInAgain"):
        return "This is not there, or it is not yours to do."
    if kind.__module__.startswith("accord.") and str(error):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    if kind.__name__ in DATABASE:
        return DATABASE[kind.__name__]
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    where = " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames))
    return f"Something went wrong that should not ({kind.__name__} at {where}); please report this line."


app = typer.Typer(
    cls=Plain,
    help="Accord: sealed records, released disclosures, one gate.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demonstration.demo)
app.command("serve")(serving.serve)
app.command("import")(documents.bring_in)
app.command("decide")(laws.decide)
app.command("consent")(consents.consent)
app.command("docs")(pages.docs)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(laws.app, name="law", help="The law this program applies.")
app.add_typer(agencies.app, name="agency", help="The agencies of the community.")
app.add_typer(keys.app, name="keys", help="The keyring, and agencies' vault keys.")
app.add_typer(ledgers.app, name="ledger", help="What happened, and the proof that nobody changed it.")
