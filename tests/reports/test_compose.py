from random import Random

from cardiolex.reports.compose import Composer, split_wordings, vary
from cardiolex.reports.vocabulary import Vocabulary


def test_held_out_wordings_are_never_composed_and_names_never_held_out() -> None:
    v = Vocabulary.load()
    train, held = split_wordings(v, share=0.2, seed=3)
    assert 300 < sum(map(len, held.values())) < sum(map(len, train.values()))
    for name, wordings in held.items():
        assert not set(wordings) & set(train[name])
        assert name in train[name]
        assert all(v.resolve(w) == name for w in wordings)
    assert split_wordings(v, share=0.0)[1] == {name: [] for name in v.names}


def test_statements_say_what_they_are_labelled_with() -> None:
    composer = Composer({"left block": ["left block"], "flutter": ["flutter"]}, Random(0))
    for statement in composer.batch(300):
        said = {name for name in composer.names if name in statement.text}
        assert said == {*statement.states, *statement.denies}
        if not statement.states:
            words = ("no ", "without", "not ", "absence", "ruled out")
            assert any(word in statement.text for word in words)


def test_same_seed_same_statements() -> None:
    train, _ = split_wordings(Vocabulary.load())
    first = Composer(train, Random(5)).batch(50)
    assert first == Composer(train, Random(5)).batch(50)
    assert first != Composer(train, Random(6)).batch(50)


def test_other_spellings_never_become_another_finding() -> None:
    v = Vocabulary.load()
    random = Random(0)
    changed = 0
    for entity in v.entities:
        for wording in entity.wordings:
            varied = vary(wording, random)
            changed += varied != wording
            assert v.resolve(varied) in (entity.name, None), (wording, varied)
    assert changed > 500


def test_plurals_are_spelt_as_carts_spell_them() -> None:
    random = Random(2)
    seen = {vary("premature atrial complex", random) for _ in range(100)}
    assert seen == {f"premature atrial complex{end}" for end in ("", "es", "(s)")}
    assert {vary("PAC", random) for _ in range(100)} == {"PAC", "PACs", "PAC(s)"}
