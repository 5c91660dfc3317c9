"""Runs in an environment that has minari: reads a dataset with load_dataset into an .npz: ROOT ID OUT.npz."""

import os
import sys

root, name, out = sys.argv[1:]
os.environ["MINARI_DATASETS_PATH"] = root

import minari  # noqa: E402
import numpy as np  # noqa: E402

assert name in minari.list_local_datasets(), minari.list_local_datasets()
dataset = minari.load_dataset(name)
episodes = list(dataset.iterate_episodes())
for episode in episodes:
    steps = len(episode.actions)
    rows = [{key: values[step] for key, values in episode.observations.items()} for step in range(steps + 1)]
    assert all(dataset.observation_space.contains(row) for row in rows)
    assert all(dataset.action_space.contains(action) for action in episode.actions)
    assert all(len(values) == steps + 1 for values in episode.observations.values())
arrays = {
    key: np.concatenate([episode.observations[key][:-1] for episode in episodes]) for key in episodes[0].observations
}
arrays["actions"] = np.concatenate([episode.actions for episode in episodes])
for key in ("rewards", "terminations", "truncations"):
    arrays[key] = np.concatenate([getattr(episode, key) for episode in episodes])
metadata = list(dataset.storage.get_episode_metadata(range(len(dataset))))
np.savez(
    out,
    steps=dataset.total_steps,
    episodes=dataset.total_episodes,
    seeds=[note["seed"] for note in metadata],
    texts=[note["text"] for note in metadata],
    environment="" if dataset.env_spec is None else dataset.env_spec.id,
    **arrays,
)
