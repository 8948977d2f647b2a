"""The text that stands for a condition when it is embedded as a query."""

from cardiolex.reports.vocabulary import Vocabulary


def query_text(condition: str, vocabulary: Vocabulary) -> str:
    """The canonical name where the vocabulary knows the wording, else the text spelt out.

    "LBBB", "Left bundle-branch block" and "blocked left bundle" give the same query, hence the same
    score; an unknown wording keeps its words, lower case, with cart shorthand expanded.
    """
    name = vocabulary.resolve(condition)
    if name is not None:
        return name
    return " ".join(vocabulary.expand_names(condition).lower().split())
