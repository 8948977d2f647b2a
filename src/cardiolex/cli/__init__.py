"""The command line: every command is one library call, imported only when it is used."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from cyclopts import App, CycloptsError

from cardiolex import __version__
from cardiolex.cli.call_error import CallError, refused_options, said
from cardiolex.cli.commands import COMMANDS, Command, Group
from cardiolex.cli.examples import epilogue
from cardiolex.cli.invocation import remember
from cardiolex.cli.recipe_help import RecipeHelp
from cardiolex.errors import CardiolexError

ABOUT = """Learn from ECGs and their reports; answer plain-word questions about any ECG, any leads.

Not a medical device: findings are research output and need a physician's eye."""


def build() -> App:
    """Return the command tree; commands are import paths, so that help costs no torch."""
    app = App(
        name="cardiolex",
        help=ABOUT,
        version=__version__,
        result_action="return_value",
        suppress_keyboard_interrupt=False,  # main says it
        error_formatter=said,
        help_epilogue=epilogue(""),
    )
    _add(app, COMMANDS)
    return app


def _add(app: App, commands: Mapping[str, Command | Group], above: str = "") -> None:
    for name, one in commands.items():
        words = f"{above} {name}".strip()
        if isinstance(one, Group):
            group = App(name=name, help=one.help, help_epilogue=epilogue(words))
            if one.default is not None:
                group.default(one.default)
            _add(group, one.commands, words)
            app.command(group)
        else:
            app.command(
                one.function,
                name=name,
                help=one.help,
                help_formatter=None if one.recipe is None else RecipeHelp(one.recipe),
                help_epilogue=epilogue(words),
            )


def main(tokens: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 all done, 1 something failed, 2 the call was wrong."""
    # threads that wait must not spin: they would take the cores from the data workers
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    remember(tokens)
    try:
        status = build()(tokens, exit_on_error=False)
    except CycloptsError:
        status = 2  # cyclopts has said on stderr what was wrong
    except CardiolexError as error:
        print(f"cardiolex: {error}", file=sys.stderr)
        status = 2 if isinstance(error, CallError) else 1
    except ValueError as error:
        refused = refused_options(error)
        if refused is None:
            raise
        print(f"cardiolex: {refused}", file=sys.stderr)
        status = 2
    except BrokenPipeError:
        sys.stderr.close()
        status = 1
    except OSError as error:
        named = error.filename is not None and error.strerror
        print(
            f"cardiolex: {error.filename}: {error.strerror}" if named else f"cardiolex: {error}",
            file=sys.stderr,
        )
        status = 1
    except KeyboardInterrupt:
        print("cardiolex: interrupted", file=sys.stderr)
        status = 130
    sys.exit(status if isinstance(status, int) else 0)
