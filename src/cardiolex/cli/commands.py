"""Every command: its name, where its function lives, and the line that help says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cardiolex.cli.prepare import prepare_dataset
from cardiolex.cli.reproduce_table import table


@dataclass(frozen=True)
class Command:
    """A function as "module:name", imported when it is called, and its line of help.

    `recipe` is "module:class" of the recipe whose defaults the command's help shows.
    """

    function: str
    help: str
    recipe: str | None = None


@dataclass(frozen=True)
class Group:
    """Commands below a common word; `default` is what that word does by itself."""

    help: str
    commands: Mapping[str, Command]
    default: Callable[..., int] | None = None


def _here(function: str, help: str) -> Command:
    return Command(f"cardiolex.cli.{function}", help)


def _recipe(module: str, function: str, help: str, config: str | None = None) -> Command:
    place = f"cardiolex.recipes.{module}"
    return Command(f"{place}:{function}", help, None if config is None else f"{place}:{config}")


def _merl(encoder: str, config: str) -> Command:
    function = encoder.replace("-", "_")
    return _recipe("merl", function, f"MERL with {encoder} as released.", config)


def _ecg_only(method: str, help: str) -> Command:
    function = method.replace("-", "_")
    return _recipe("ecg_only", function, help, f"{function}_run")


_ECG_ONLY = {
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

PRETRAIN: Mapping[str, Command] = {
    "kmerl": _recipe("kmerl", "kmerl", "K-MERL as published."),
    "supreme": _recipe("supreme", "supreme", "SuPreME as published.", "SuPreMERun"),
    "melp": _recipe("melp", "melp", "MELP as published.", "MELPRun"),
    "merl-resnet18": _merl("resnet18", "ResNet18"),
    "merl-resnet34": _merl("resnet34", "ResNet34"),
    "merl-resnet50": _merl("resnet50", "ResNet50"),
    "merl-resnet101": _merl("resnet101", "ResNet101"),
    "merl-vit-tiny": _merl("vit-tiny", "ViTTiny"),
    "merl-vit-small": _merl("vit-small", "ViTSmall"),
    "merl-vit-middle": _merl("vit-middle", "ViTMiddle"),
    "merl-vit-base": _merl("vit-base", "ViTBase"),
    **{method: _ecg_only(method, help) for method, help in _ECG_ONLY.items()},
    "heartlang": _recipe(
        "heartlang", "heartlang", "HeartLang, ECG only: second stage.", "HeartLangRun"
    ),
    "bundled": _recipe("bundled", "bundled", "The bundled default model.", "BundledRun"),
    "reader": Command(
        "cardiolex.cli.pretrain_reader:reader",
        "Measurements read beside a trained model.",
        "cardiolex.recipes.reader:ReaderRun",
    ),
    "text-encoder": _recipe("text_encoder", "text_encoder", "The compact text encoder."),
    "text-mlm": _recipe(
        "adapt_text", "text_mlm", "A text encoder adapted to your texts.", "TextMLMRun"
    ),
}

EVALUATE: Mapping[str, Command] = {
    "zero-shot": _here("evaluate:zero_shot", "Plain names, no training."),
    "partial-leads": _here("evaluate:partial_leads", "From 1 to 12 leads, by name."),
    "lead-importance": _here(
        "protocols:lead_importance", "Which leads matter for which condition: heat map."
    ),
    "robustness": _here("protocols:robustness", "Noise, leads off or exchanged, rate, length."),
    "subgroups": _here("protocols:subgroups", "By age, sex, device."),
    "calibration": _here(
        "protocols:calibration", "Reliability, ECE, Brier; fits on other patients."
    ),
    "seen": _here("protocols:seen", "Seen and unseen conditions, decided two ways."),
    "compare": _here("comparing:compare", "Two models, paired: bootstrap and DeLong."),
    "prompts": _here("comparing:prompts", "Styles of questions, paired."),
    "transfer": _here("comparing:transfer", "Probes from one data set to another."),
    "everything": _here("everything:everything", "All protocols of a table on one page."),
    "mini-benchmark": _here(
        "benchmark:mini_benchmark", "The papers' sets, on the records that are there."
    ),
    "wordings": _here("wordings:wordings", "Do synonyms score alike, opposites not?"),
    "report-generation": _here(
        "evaluate_text:report_generation", "Written reports against real ones."
    ),
    "retrieval": _here("evaluate_text:retrieval", "Reports and recordings by each other."),
    "linear-probe": _here("probe:linear_probe", "A linear layer on frozen features."),
    "fine-tune": _here("fine_tune:fine_tune", "The encoder trained along."),
    "leakage": _here("leakage:leakage", "What parts share and should not."),
    "explanations": _here(
        "evaluate_explanations:explanations", "Whether evidence is where it is marked."
    ),
    "card": _here("evaluate:card", "All leads to one, written into the model card."),
}

COMMANDS: Mapping[str, Command | Group] = {
    "demo": _here("answers:demo", "Tour on bundled real recordings."),
    "interpret": _here("answers:interpret", "Findings for files or folders."),
    "inspect": _here("inspect:inspect", "What is in a file; its signal quality."),
    "save-as": _here("save_as:save_as", "Recordings to WFDB, CSV, DICOM or EDF."),
    "report": _here("report:report", "A report in words, by the model."),
    "embed": _here("answers:embed", "Embeddings of recordings and texts, to .npz."),
    "search": Group(
        "Find recordings and reports by likeness or in words.",
        {
            "build": _here("search:build", "A searchable folder."),
            "find": _here("search:find", "The nearest ones in it."),
        },
    ),
    "simulate": _here("simulate:simulate", "Simulated recordings with reports, labels."),
    "extract": _here("extract:extract", "Findings in reports: labels, audit page."),
    "vocabulary": Group(
        "Merge and map the names that reports use.",
        {
            "build": _here("vocabulary:build_vocabulary", "Decide what names mean."),
            "apply": _here("vocabulary:apply_decisions", "Decisions to a vocabulary."),
        },
    ),
    "download": _here("download:download", "Fetch a public data set, verified."),
    "prepare": Group(
        "Convert recordings to the array store.",
        {
            "folder": _here("prepare:prepare_folder", "Any readable files, with a CSV or not."),
            "truth": _here("prepare:prepare_truth", "Truth tables of a downstream set."),
        },
        prepare_dataset,
    ),
    "pretrain": Group("Train a model; any field of a recipe can be overridden.", PRETRAIN),
    "convert": Group(
        "Models from weights that others released.",
        {
            "merl": _here("convert:merl", "MERL's ResNets and ViTs."),
            "melp": _here("convert:melp", "MELP's ECG encoder, which embeds."),
        },
    ),
    "evaluate": Group("Measure a model on labelled recordings.", EVALUATE),
    "adapt": _here("adapt:adapt", "A model moved towards your own labelled recordings."),
    "calibrate": _here(
        "calibrate:calibrate", "Probabilities and decisions that fit your own recordings."
    ),
    "reproduce": Group(
        "A table or figure of the papers: its runs, and ours beside theirs.",
        {
            "list": _here("reproduce_table:tables", "Every table and figure, by name."),
            "systems": _here("reproduce:systems", "Language systems, equal compute."),
            "ablations": _here("reproduce:ablations", "K-MERL less one of its parts each."),
            "baselines": _here("reproduce:baselines", "ECG-only methods, probed."),
        },
        table,
    ),
    "export": Group(
        "Take a model elsewhere.",
        {
            "onnx": _here("export:onnx", "Answers without torch."),
            "hub": _here("export:hub", "A model folder to a hub."),
        },
    ),
    "serve": _here("serve:serve", "HTTP API, and a page with ECG and findings."),
}
