"""Windows: alignment, padding, choices, ranges, the cache, torch."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.policy.datasets import EpisodeWindows, append_episodes


def test_every_step_is_one_window_and_batches_equal_samples(dataset):
    windows = EpisodeWindows(dataset[0], n_obs_steps=2, horizon=4)
    assert len(windows) == 25
    batch = windows.batch(np.arange(25))
    for index in range(25):
        sample = windows[index]
        assert set(sample) == set(batch)
        for key, value in sample.items():
            np.testing.assert_array_equal(value, batch[key][index])
    shapes = {key: values.shape[1:] for key, values in batch.items()}
    assert shapes == {
        "image": (2, 10, 10, 3),
        "proprio": (2, 16),
        "action": (4, 7),
        "action_is_pad": (4,),
        "phase": (4,),
        "plan_phase": (4,),
        "demo_keypoints": (16, 2, 21, 2),
        "demo_present": (16, 2),
        "demo_path": (16, 8),
        "demo_plan": (32, 8),
        "text": (),
        "task": (),
        "episode": (),
    }
    dtypes = {values.dtype for key, values in batch.items() if key.startswith(("demo", "prop", "action"))}
    assert dtypes == {np.dtype(np.float32), np.dtype(bool)}


def test_a_window_begins_with_the_first_observation_and_holds_its_step(dataset):
    path, made = dataset
    windows = EpisodeWindows(path, n_obs_steps=3, horizon=5)
    step = windows[12 + 3]  # step 3 of the second episode, which has 5
    np.testing.assert_array_equal(step["image"], made[1].image[1:4])
    np.testing.assert_array_equal(step["proprio"], made[1].proprio[1:4])
    np.testing.assert_array_equal(step["action"], made[1].action[[1, 2, 3, 4, 4]])
    assert step["action_is_pad"].tolist() == [False] * 4 + [True]
    np.testing.assert_array_equal(step["action"][windows.first_action], made[1].action[3])
    np.testing.assert_array_equal(step["phase"], made[1].phase[[1, 2, 3, 4, 4]])
    assert windows.steps([15]).tolist() == [[13, 14, 15, 16, 16]]
    np.testing.assert_array_equal(windows.per_step("action")[15], made[1].action[3])
    with pytest.raises(InputError, match="options: proprio, action, phase"):
        windows.per_step("velocity")


def test_ends_are_padded_by_repetition_within_the_episode(dataset):
    path, made = dataset
    windows = EpisodeWindows(path, n_obs_steps=3, horizon=6)
    first, last = windows[12], windows[16]
    np.testing.assert_array_equal(first["image"], made[1].image[[0, 0, 0]])
    np.testing.assert_array_equal(first["action"], made[1].action[[0, 0, 0, 1, 2, 3]])
    assert first["action_is_pad"].tolist() == [True, True, False, False, False, False]
    np.testing.assert_array_equal(last["image"], made[1].image[[2, 3, 4]])
    np.testing.assert_array_equal(last["action"], made[1].action[[2, 3, 4, 4, 4, 4]])


def test_each_sample_has_its_episodes_demonstration_and_text(dataset):
    path, made = dataset
    windows = EpisodeWindows(path)
    assert windows.tasks == ("open_drawer", "push_plate")
    assert set(windows.texts) == {episode.text for episode in made}
    for index, place in ((0, 0), (11, 0), (12, 1), (24, 2)):
        sample = windows[index]
        assert sample["episode"] == place
        assert windows.texts[sample["text"]] == made[place].text
        assert windows.tasks[sample["task"]] == made[place].task
        for key in ("demo_keypoints", "demo_present", "demo_path"):
            np.testing.assert_array_equal(sample[key], getattr(made[place], key))


@pytest.mark.parametrize("cached", [False, True])
def test_episodes_and_tasks_can_be_chosen_in_any_order(dataset, tmp_path, cached):
    path, made = dataset
    cache = tmp_path / "cache" if cached else None
    windows = EpisodeWindows(path, n_obs_steps=1, horizon=2, episodes=[2, 0], cache=cache)
    assert len(windows) == 20
    np.testing.assert_array_equal(windows[0]["image"][0], made[2].image[0])
    np.testing.assert_array_equal(windows[8]["image"][0], made[0].image[0])
    assert windows[8]["episode"] == 0
    pushes = EpisodeWindows(path, tasks=["push_plate"], cache=cache)
    assert (len(pushes), pushes.tasks, pushes.episodes.tolist()) == (5, ("push_plate",), [1])


def test_mapped_pictures_equal_those_in_memory_and_follow_the_dataset(dataset, tmp_path, make_episode):
    path, _ = dataset
    memory = EpisodeWindows(path)
    order = np.random.default_rng(0).permutation(25)
    for _ in range(2):
        mapped = EpisodeWindows(path, cache=tmp_path / "cache")
        np.testing.assert_array_equal(mapped.batch(order)["image"], memory.batch(order)["image"])
    assert len(list((tmp_path / "cache").iterdir())) == 1
    append_episodes(path, [make_episode(5, 4)])
    assert len(EpisodeWindows(path, cache=tmp_path / "cache")) == 29


def test_ranges_are_those_of_the_episodes_used(dataset):
    path, made = dataset
    ranges = EpisodeWindows(path, episodes=[1, 2]).ranges
    values = np.concatenate([made[1].proprio, made[2].proprio])
    np.testing.assert_array_equal(ranges["proprio"].min, values.min(0))
    np.testing.assert_array_equal(ranges["proprio"].max, values.max(0))
    assert {key: len(r.min) for key, r in ranges.items()} == {
        "proprio": 16,
        "action": 7,
        "demo_path": 8,
        "demo_keypoints": 2,
    }
    assert (ranges["demo_keypoints"].min > 0).all(), "absent hands do not count"


def test_episodes_without_a_demonstration_do_not_widen_its_range(dataset):
    path, made = dataset
    before = EpisodeWindows(path).ranges
    blank = {key: np.zeros_like(getattr(made[0], key)) for key in ("demo_keypoints", "demo_present", "demo_path")}
    append_episodes(path, [replace(made[0], **blank)])
    after = EpisodeWindows(path).ranges
    for key in ("demo_path", "demo_keypoints"):
        np.testing.assert_array_equal(after[key].min, before[key].min)
        np.testing.assert_array_equal(after[key].max, before[key].max)
    assert (before["demo_path"].min > 0).any(), "zeros would be seen"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_obs_steps": 0}, "n_obs_steps must be at least 1"),
        ({"n_obs_steps": 4, "horizon": 3}, "horizon must be at least n_obs_steps"),
        ({"episodes": [3]}, "there is no episode 3"),
        ({"episodes": []}, "no episode .* is left"),
        ({"tasks": ["open_drawr"]}, "did you mean 'open_drawer'"),
    ],
)
def test_wrong_requests(dataset, arguments, message):
    with pytest.raises(InputError, match=message):
        EpisodeWindows(dataset[0], **arguments)


def test_there_is_no_window_beyond_the_last(dataset):
    windows = EpisodeWindows(dataset[0])
    np.testing.assert_array_equal(windows[-1]["action"], windows[24]["action"])
    with pytest.raises(IndexError, match="25 windows"):
        windows[25]


def test_torchs_loader_takes_it(dataset):
    torch = pytest.importorskip("torch")
    loader = torch.utils.data.DataLoader(EpisodeWindows(dataset[0]), batch_size=10)
    batches = list(loader)
    assert [len(batch["image"]) for batch in batches] == [10, 10, 5]
    assert batches[0]["image"].dtype == torch.uint8
    assert batches[0]["text"].dtype == torch.int64


def test_its_own_loader_goes_through_all_windows_once_in_an_order_of_the_seed(dataset):
    pytest.importorskip("torch")
    windows = EpisodeWindows(dataset[0], n_obs_steps=1, horizon=1)

    def steps(**options):
        return [batch["proprio"][:, 0, 0].numpy() for batch in windows.loader(4, **options)]

    once = steps(seed=3, drop_last=False)
    assert [len(part) for part in once] == [4] * 6 + [1]
    np.testing.assert_array_equal(np.sort(np.concatenate(once)), np.sort(windows.per_step("proprio")[:, 0]))
    np.testing.assert_array_equal(np.concatenate(steps(seed=3)), np.concatenate(once[:6]))
    assert not np.array_equal(np.concatenate(steps(seed=4)), np.concatenate(once[:6]))
    in_order = np.concatenate(steps(shuffle=False, drop_last=False))
    np.testing.assert_array_equal(in_order, windows.per_step("proprio")[:, 0])
    loader = windows.loader(4)
    passes = [np.concatenate([batch["proprio"][:, 0, 0].numpy() for batch in loader]) for _ in range(2)]
    assert not np.array_equal(*passes)
    for size in (0, 26):
        with pytest.raises(InputError, match="batch_size"):
            windows.loader(size)


def test_its_own_loader_gives_what_torchs_gives(dataset):
    torch = pytest.importorskip("torch")
    windows = EpisodeWindows(dataset[0])
    for ours, theirs in zip(
        windows.loader(10, shuffle=False, drop_last=False), torch.utils.data.DataLoader(windows, 10), strict=True
    ):
        assert set(ours) == set(theirs)
        for key, values in ours.items():
            assert values.dtype == theirs[key].dtype
            assert torch.equal(values, theirs[key])


def test_importing_it_loads_no_torch():
    code = "import sys, ivg.policy.datasets; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
