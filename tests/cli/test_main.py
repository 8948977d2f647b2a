"""The command line as a whole: help, what it imports, how long it takes, how it ends."""

import resource
import shlex
import subprocess
import sys

import pytest

import cardiolex
from cardiolex.cli import build
from cardiolex.cli.examples import EXAMPLES
from cardiolex.systems import SYSTEMS

HEAVY = ("torch", "transformers", "sklearn", "matplotlib", "pandas", "wfdb", "scipy", "h5py")


def python(code):
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def tree(app, above=()):
    """Every command of an app, groups opened."""
    for name in app:
        if not name.startswith("-"):
            yield from list(tree(app[name], (*above, name))) or [(*above, name)]


COMMANDS = sorted(tree(build()))


def test_the_promised_commands_are_there():
    promised = "demo interpret embed search report inspect simulate download prepare extract "
    promised += "pretrain evaluate calibrate reproduce export serve"
    assert set(promised.split()) <= {command[0] for command in COMMANDS}
    assert {("prepare", "folder"), ("pretrain", "kmerl")} <= set(COMMANDS)
    assert {("evaluate", "zero-shot"), ("evaluate", "partial-leads")} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(call, command):
    ended = call(*command, "--help")
    assert (ended.status, ended.err) == (0, "")
    assert f"Usage: cardiolex {' '.join(command)}" in ended.out
    if command[0] != "pretrain":  # whose help is long
        assert call(*command, "-h").out == ended.out


@pytest.mark.parametrize(("command", "examples"), EXAMPLES.items())
def test_examples_are_calls_of_their_command_and_end_its_help(call, command, examples):
    for example in examples:
        words = shlex.split(example.removeprefix("torchrun --nproc-per-node 4 -m "))
        assert " ".join(words).startswith(f"cardiolex {command}".strip()), example
        build().parse_args(words[1:], exit_on_error=False, print_error=False)
    shown = " ".join(call(*command.split(), "--help").out.split())
    assert all(" ".join(example.split()) in shown for example in examples)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c[0] != "pretrain"], ids=" ".join)
def test_every_option_is_described(command):
    app = build()
    for name in command:
        app = app[name]
    arguments = app.assemble_argument_collection(parse_docstring=True)
    assert len(arguments) >= 1 or command == ("reproduce", "list")
    silent = [a.name for a in arguments if a.name != "*" and not a.parameter.help]
    assert silent == []


def test_help_lists_the_commands_and_says_that_it_is_no_medical_device(call):
    ended = call("--help")
    assert ended.status == 0 and call().out == ended.out
    assert all(f" {command[0]} " in ended.out for command in COMMANDS)
    assert "Not a medical device" in ended.out


def test_version(call):
    ended = call("--version")
    assert (ended.status, ended.out.strip()) == (0, cardiolex.__version__)


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (["interprte"], 'Unknown command "interprte". Did you mean "interpret"?'),
        (["interpret"], "requires an argument"),
        (["embed", "x.csv"], "--output"),
        (["demo", "--ouput", "x"], "Did you mean --output?"),
        (["simulate", "store", "--count", "many"], "many"),
        (["evaluate", "zero-shto"], "zero-shot"),
    ],
)
def test_wrong_calls_end_with_two_and_a_hint_on_stderr(call, tokens, words):
    ended = call(*tokens)
    assert (ended.status, ended.out) == (2, "")
    assert words in " ".join(ended.err.replace("│", " ").split())
    assert "Traceback" not in ended.err


def test_an_interruption_ends_with_130(call, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("cardiolex.demo.run", interrupted)
    ended = call("demo")
    assert (ended.status, ended.out, ended.err) == (130, "", "cardiolex: interrupted\n")


def test_a_full_disk_is_said_in_one_line(call, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "/data/out.png")

    monkeypatch.setattr("cardiolex.demo.run", full)
    ended = call("demo")
    assert (ended.status, ended.err) == (1, "cardiolex: /data/out.png: No space left on device\n")


def test_importing_and_help_bring_no_heavy_library():
    heavy = f"print([m for m in {HEAVY!r} if m in sys.modules])"
    assert python(f"import cardiolex, sys; {heavy}") == "[]\n"
    names = "cardiolex.Recording, cardiolex.CardiolexError, cardiolex.__version__"
    assert python(f"import cardiolex, sys; {names}; print('torch' in sys.modules)") == "False\n"
    code = f"""
import contextlib, io, sys
from cardiolex.cli import main
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    main(["--help"])
{heavy}"""
    assert python(code) == "[]\n"


def test_importing_and_help_are_quick():
    """Measured as processor time, which other work on the machine hardly changes."""

    def median(tokens):
        seconds = []
        for _ in range(3):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *tokens], check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return sorted(seconds)[1]

    assert median(["-c", "import cardiolex"]) < 0.5
    assert median(["-m", "cardiolex", "--help"]) < 0.5


def test_public_names_are_there_and_others_are_not():
    assert {"read", "load", "simulate", "systems", "Recording"} <= set(cardiolex.__all__)
    for name in cardiolex.__all__:
        assert getattr(cardiolex, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'raed'"):
        cardiolex.raed  # noqa: B018


@pytest.mark.parametrize("before", ["", "clx.load"])
def test_systems_are_listed_whatever_was_imported_before(before):
    """`cardiolex.systems` is a package too, and a package hides a function of its name."""
    code = f"import cardiolex as clx\n{before}\nprint(clx.systems(), clx.systems())"
    listed = python(code + "; from cardiolex.systems import KMERL")
    once = str(tuple(SYSTEMS))
    assert "'kmerl'" in once and listed == f"{once} {once}\n"
