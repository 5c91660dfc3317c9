"""The fingerprint of the kitchen's clips: the same every time, another one where a clip would be another."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ivg.envs.human import demonstrator as demonstrators
from ivg.envs.human.demonstrator import HumanDemonstrator
from ivg.workflows.clips import fingerprint
from ivg.workflows.clips.fingerprint import fingerprint_of


@pytest.fixture(scope="module")
def demonstrator() -> Iterator[HumanDemonstrator]:
    made = HumanDemonstrator(size=32)
    yield made
    made.close()


def test_it_is_stable(demonstrator: HumanDemonstrator) -> None:
    assert fingerprint_of(demonstrator) == fingerprint_of(demonstrator)
    assert len(fingerprint_of(demonstrator)) == 8


@pytest.mark.parametrize("part", ["geom_rgba", "geom_size", "tex_data", "cam_fovy"])
def test_it_changes_with_what_is_seen(demonstrator: HumanDemonstrator, part: str) -> None:
    before, values = fingerprint_of(demonstrator), getattr(demonstrator.model, part)
    kept = values.copy()
    values.flat[0] += 1 if values.dtype.kind == "u" else 0.01
    assert fingerprint_of(demonstrator) != before
    values[:] = kept
    assert fingerprint_of(demonstrator) == before


def test_it_changes_with_where_things_are_and_how_hands_move(
    demonstrator: HumanDemonstrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, sample, draw = fingerprint_of(demonstrator), demonstrators.sample_scene, demonstrators.draw_style

    def one_scene_changed(task: str, seed: int) -> Any:
        return sample(task, seed + (task == "stir_pot"))

    with monkeypatch.context() as patch:
        patch.setattr(demonstrators, "sample_scene", one_scene_changed)
        assert fingerprint_of(demonstrator) != before

    def one_style_changed(task: str, seed: int, side: Any) -> Any:
        style = draw(task, seed, side)
        return replace(style, skin_rgb=style.skin_rgb * 0.9) if task == "push_plate" else style

    with monkeypatch.context() as patch:
        patch.setattr(demonstrators, "draw_style", one_style_changed)
        assert fingerprint_of(demonstrator) != before
    monkeypatch.setattr(fingerprint, "SCENES_VERSION", fingerprint.SCENES_VERSION + 1)
    assert fingerprint_of(demonstrator) != before
