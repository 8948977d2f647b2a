"""The command line: every command is one library call, imported only when it is used."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from cardiolex import __version__
from cardiolex.cli.call_error import CallError, refused_options, said
from cardiolex.cli.invocation import remember
from cardiolex.cli.prepare import prepare_dataset
from cardiolex.cli.recipe_help import RecipeHelp
from cardiolex.cli.reproduce_table import table
from cardiolex.errors import CardiolexError

ABOUT = """Learn from ECGs and their reports; answer plain-word questions about any ECG, any leads.

Not a medical device: findings are research output and need a physician's eye."""

MERL_RUNS = {
    **{f"resnet{depth}": f"ResNet{depth}" for depth in (18, 34, 50, 101)},
    **{f"vit-{size}": f"ViT{size.title()}" for size in ("tiny", "small", "middle", "base")},
}
"""Encoder and its configuration in `cardiolex.recipes.merl`."""

ECG_ONLY = {
    "astcl": "ASTCL in our reading, ECG only.",
    "barlow-twins": "Barlow Twins, ECG only.",
    "byol": "BYOL, ECG only.",
    "clocs": "CLOCS, ECG only.",
    "cpc": "CPC, ECG only.",
    "crt": "CRT, ECG only.",
    "heartlang-tokenizer": "HeartLang's words, ECG only: first stage.",
    "moco-v3": "MoCo-v3, ECG only.",
    "random-init": "Random weights: the floor of probes.",
    "simclr": "SimCLR, ECG only.",
    "simsiam": "SimSiam, ECG only.",
    "st-mem": "ST-MEM, ECG only.",
    "ts-tcc": "TS-TCC, ECG only.",
    "wav2vec2-cmsc": "Wav2Vec 2.0 + CMSC + RLM, ECG only.",
}
"""Methods of `cardiolex.recipes.ecg_only`."""

PROTOCOLS = {
    "protocols:lead_importance": "Which leads matter for which condition: heat map.",
    "protocols:robustness": "Noise, leads off or exchanged, rate, length.",
    "protocols:subgroups": "By age, sex, device.",
    "protocols:calibration": "Reliability, ECE, Brier; fits on other patients.",
    "protocols:seen": "Seen and unseen conditions, decided two ways.",
    "comparing:compare": "Two models, paired: bootstrap and DeLong.",
    "comparing:prompts": "Styles of questions, paired.",
    "everything:everything": "All protocols of a table on one page.",
    "benchmark:mini_benchmark": "The papers' sets, on the records that are there.",
    "comparing:transfer": "Probes from one data set to another.",
}
"""Command of `evaluate` -> its help."""


def build() -> App:
    """Return the command tree; commands are import paths, so that help costs no torch."""
    app = App(
        name="cardiolex",
        help=ABOUT,
        version=__version__,
        result_action="return_value",
        suppress_keyboard_interrupt=False,  # main says it
        error_formatter=said,
    )
    here = "cardiolex.cli"
    app.command(f"{here}.answers:demo", name="demo", help="Tour on bundled real recordings.")
    app.command(
        f"{here}.answers:interpret", name="interpret", help="Findings for files or folders."
    )
    app.command(
        f"{here}.inspect:inspect", name="inspect", help="What is in a file; its signal quality."
    )
    app.command(
        f"{here}.save_as:save_as", name="save-as", help="Recordings to WFDB, CSV, DICOM or EDF."
    )
    app.command(f"{here}.report:report", name="report", help="A report in words, by the model.")
    app.command(
        f"{here}.answers:embed", name="embed", help="Embeddings of recordings and texts, to .npz."
    )
    search = App(name="search", help="Find recordings and reports by likeness or in words.")
    search.command(f"{here}.search:build", name="build", help="A searchable folder.")
    search.command(f"{here}.search:find", name="find", help="The nearest ones in it.")
    app.command(search)
    app.command(
        f"{here}.data:simulate", name="simulate", help="Simulated recordings with reports, labels."
    )

    app.command(
        f"{here}.extract:extract", name="extract", help="Findings in reports: labels, audit page."
    )

    app.command(
        f"{here}.download:download", name="download", help="Fetch a public data set, verified."
    )
    prepare = App(name="prepare", help="Convert recordings to the array store.")
    prepare.default(prepare_dataset)
    prepare.command(
        f"{here}.data:prepare_folder", name="folder", help="Any readable files, with a CSV or not."
    )
    prepare.command(
        f"{here}.prepare:prepare_truth", name="truth", help="Truth tables of a downstream set."
    )
    app.command(prepare)

    pretrain = App(name="pretrain", help="Train a model; any field of a recipe can be overridden.")
    pretrain.command("cardiolex.recipes.kmerl:kmerl", name="kmerl", help="K-MERL as published.")
    for size, configuration in MERL_RUNS.items():
        pretrain.command(
            f"cardiolex.recipes.merl:{size.replace('-', '_')}",
            name=f"merl-{size}",
            help=f"MERL with {size} as released.",
            help_formatter=RecipeHelp(f"cardiolex.recipes.merl:{configuration}"),
        )
    pretrain.command(
        "cardiolex.recipes.supreme:supreme",
        name="supreme",
        help="SuPreME as published.",
        help_formatter=RecipeHelp("cardiolex.recipes.supreme:SuPreMERun"),
    )
    pretrain.command(
        "cardiolex.recipes.melp:melp",
        name="melp",
        help="MELP as published.",
        help_formatter=RecipeHelp("cardiolex.recipes.melp:MELPRun"),
    )
    for method, about in ECG_ONLY.items():
        key = method.replace("-", "_")
        pretrain.command(
            f"cardiolex.recipes.ecg_only:{key}",
            name=method,
            help=about,
            help_formatter=RecipeHelp(f"cardiolex.recipes.ecg_only:{key}_run"),
        )
    pretrain.command(
        "cardiolex.recipes.heartlang:heartlang",
        help="HeartLang, ECG only: second stage.",
        help_formatter=RecipeHelp("cardiolex.recipes.heartlang:HeartLangRun"),
    )
    pretrain.command(
        "cardiolex.recipes.bundled:bundled",
        name="bundled",
        help="The bundled default model.",
        help_formatter=RecipeHelp("cardiolex.recipes.bundled:BundledRun"),
    )
    pretrain.command(
        f"{here}.pretrain_reader:reader",
        name="reader",
        help="Measurements read beside a trained model.",
        help_formatter=RecipeHelp("cardiolex.recipes.reader:ReaderRun"),
    )
    pretrain.command(
        "cardiolex.recipes.text_encoder:text_encoder",
        name="text-encoder",
        help="The compact text encoder.",
    )
    pretrain.command(
        "cardiolex.recipes.adapt_text:text_mlm",
        name="text-mlm",
        help="A text encoder adapted to your texts.",
        help_formatter=RecipeHelp("cardiolex.recipes.adapt_text:TextMLMRun"),
    )
    app.command(pretrain)

    convert = App(name="convert", help="Models from weights that others released.")
    convert.command(f"{here}.convert:merl", name="merl", help="MERL's ResNets and ViTs.")
    convert.command(f"{here}.convert:melp", name="melp", help="MELP's ECG encoder, which embeds.")
    app.command(convert)

    vocabulary = App(name="vocabulary", help="Merge and map the names that reports use.")
    vocabulary.command(
        f"{here}.vocabulary:build_vocabulary", name="build", help="Decide what names mean."
    )
    vocabulary.command(
        f"{here}.vocabulary:apply_decisions", name="apply", help="Decisions to a vocabulary."
    )
    app.command(vocabulary)

    evaluate = App(name="evaluate", help="Measure a model on labelled recordings.")
    evaluate.command(
        f"{here}.evaluate:zero_shot", name="zero-shot", help="Plain names, no training."
    )
    evaluate.command(
        f"{here}.evaluate:partial_leads", name="partial-leads", help="From 1 to 12 leads, by name."
    )
    for name, about in PROTOCOLS.items():
        function = name.rpartition(":")[2].replace("_", "-")
        evaluate.command(f"{here}.{name}", name=function, help=about)
    evaluate.command(
        f"{here}.wordings:wordings",
        name="wordings",
        help="Do synonyms score alike, opposites not?",
    )
    evaluate.command(
        f"{here}.evaluate_text:report_generation",
        name="report-generation",
        help="Written reports against real ones.",
    )
    evaluate.command(
        f"{here}.evaluate_text:retrieval",
        name="retrieval",
        help="Reports and recordings by each other.",
    )
    evaluate.command(
        f"{here}.probe:linear_probe", name="linear-probe", help="A linear layer on frozen features."
    )
    evaluate.command(
        f"{here}.fine_tune:fine_tune", name="fine-tune", help="The encoder trained along."
    )
    evaluate.command(
        f"{here}.leakage:leakage", name="leakage", help="What parts share and should not."
    )
    evaluate.command(
        f"{here}.evaluate_explanations:explanations",
        name="explanations",
        help="Whether evidence is where it is marked.",
    )
    evaluate.command(
        f"{here}.evaluate:card", name="card", help="All leads to one, written into the model card."
    )
    app.command(evaluate)
    export = App(name="export", help="Take a model elsewhere.")
    export.command(f"{here}.export:onnx", name="onnx", help="Answers without torch.")
    export.command(f"{here}.export:hub", name="hub", help="A model folder to a hub.")
    app.command(export)
    reproduce = App(
        name="reproduce", help="A table or figure of the papers: its runs, and ours beside theirs."
    )
    reproduce.default(table)
    reproduce.command(
        f"{here}.reproduce_table:tables", name="list", help="Every table and figure, by name."
    )
    reproduce.command(
        f"{here}.reproduce:systems", name="systems", help="Language systems, equal compute."
    )
    reproduce.command(
        f"{here}.reproduce:ablations", name="ablations", help="K-MERL less one of its parts each."
    )
    reproduce.command(
        f"{here}.reproduce:baselines", name="baselines", help="ECG-only methods, probed."
    )
    app.command(reproduce)
    app.command(
        f"{here}.calibrate:calibrate",
        name="calibrate",
        help="Probabilities and decisions that fit your own recordings.",
    )
    app.command(
        f"{here}.serve:serve", name="serve", help="HTTP API, and a page with ECG and findings."
    )
    return app


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
