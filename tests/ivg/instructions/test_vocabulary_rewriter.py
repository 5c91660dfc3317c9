"""The vocabulary's rewriter: known answers, and what it must leave alone."""

import pytest

from ivg.errors import InputError
from ivg.instructions import (
    GENERAL_KITCHEN,
    Action,
    InstructionRewriter,
    PlainRewriter,
    VocabularyRewriter,
    load_rewriter,
)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        (
            "cut carrot",
            "the right hand holds the knife and cuts the carrot on the cutting board, the left hand holds it still",
        ),
        (
            "Slice the tomatoes with the cleaver.",
            "the right hand holds the cleaver and cuts the tomatoes on the cutting board, the left hand holds it still",
        ),
        (
            "put the mug on the plate",
            "the right hand takes the mug on the counter, lifts it and puts it on the plate",
        ),
        ("pull the drawer open", "the right hand takes the drawer and pulls it open"),
        ("push the drawer closed", "the right hand lies flat on the drawer and pushes it shut"),
        ("stirring the soup in the pot", "the right hand holds the spoon and moves it in circles in the soup"),
        ("turn on the stove", "the fingers of the right hand take the stove and turn it"),
        ("cut the onion on the tray", None),
        ("pick up the cutting board", "the right hand closes round the cutting board on the counter and lifts it"),
    ],
)
def test_it_says_who_holds_what_where(text: str, expanded: str | None) -> None:
    rewritten = VocabularyRewriter()(text)
    assert rewritten.startswith(text.rstrip("."))
    if expanded is None:
        assert "cuts the onion on the tray" in rewritten
    else:
        assert rewritten == f"{text.rstrip('.')}: {expanded}"


def test_a_left_hander_holds_the_knife_in_the_left_hand() -> None:
    assert "left hand holds the knife" in VocabularyRewriter()("cut carrot", side="left")
    assert "right hand holds it still" in VocabularyRewriter()("cut carrot", side="left")
    with pytest.raises(InputError, match="did you mean 'left'"):
        VocabularyRewriter()("cut carrot", side="lft")


@pytest.mark.parametrize("text", ["dance", "juggle the knives", "cut", "", "   ", "schneide die Möhre"])
def test_what_it_does_not_know_stays_as_it_is(text: str) -> None:
    assert VocabularyRewriter()(text) == text


def test_the_scenes_own_places_are_used() -> None:
    scene = GENERAL_KITCHEN.with_places({"carrot": "beside the sink", "durian": "in the bowl"})
    assert "cuts the carrot beside the sink" in VocabularyRewriter(scene)("cut the carrot")
    assert "cuts the durian in the bowl" in VocabularyRewriter(scene)("cut the durian")
    assert VocabularyRewriter(scene).provenance != VocabularyRewriter().provenance
    assert "cuts the carrot on the cutting board" in VocabularyRewriter()("cut the carrot"), "the default is unchanged"


def test_an_action_with_an_unknown_slot_is_refused() -> None:
    with pytest.raises(InputError, match="has the slot 'thing'"):
        Action(("cut",), "the {hand} hand cuts the {thing}")


def test_every_action_can_be_said() -> None:
    for action in GENERAL_KITCHEN.actions:
        for verb in action.words:
            rewritten = VocabularyRewriter()(f"{verb} the carrot into the pot")
            assert rewritten != f"{verb} the carrot into the pot", verb
            assert "{" not in rewritten
            assert "  " not in rewritten


def test_rewriters_are_chosen_by_name() -> None:
    assert load_rewriter("none")("cut carrot") == "cut carrot"
    assert load_rewriter("vocabulary").provenance["name"] == "vocabulary"
    own = PlainRewriter()
    assert load_rewriter(own) is own
    assert isinstance(own, InstructionRewriter)
    with pytest.raises(InputError, match="did you mean 'vocabulary'"):
        load_rewriter("vocabulry")
