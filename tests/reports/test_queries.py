from cardiolex.reports.queries import query_text
from cardiolex.reports.vocabulary import Vocabulary


def test_all_wordings_of_a_finding_give_one_query() -> None:
    v = Vocabulary.load()
    texts = ("LBBB", "Left bundle-branch block", "left bundle branch blockade")
    assert {query_text(text, v) for text in texts} == {"left bundle branch block"}


def test_unknown_wordings_keep_their_words_with_short_forms_spelt_out() -> None:
    v = Vocabulary.load()
    assert query_text("Rate-dependent LBBB", v) == "rate-dependent left bundle branch block"
    assert query_text("unusual repol abnrm (LVH)", v) == (
        "unusual repolarization abnormality (left ventricular hypertrophy)"
    )
    assert query_text("  Purple   Heart ", v) == "purple heart"
