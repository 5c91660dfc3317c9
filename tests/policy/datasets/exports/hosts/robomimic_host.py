"""Runs in an environment that has robomimic: reads a file with SequenceDataset into an .npz: FILE OUT.npz."""

import sys

import numpy as np
import robomimic.utils.file_utils as FileUtils
import robomimic.utils.obs_utils as ObsUtils
from robomimic.utils.dataset import SequenceDataset

LOW_DIM = ["proprio", "demo_path", "demo_keypoints", "demo_plan", "phase", "plan_phase"]

path, out = sys.argv[1:]
keys = [*LOW_DIM, "image"]
ObsUtils.initialize_obs_utils_with_obs_specs({"obs": {"low_dim": LOW_DIM, "rgb": ["image"]}})


def opened(**arguments):
    wanted = {"obs_keys": keys, "dataset_keys": ["actions", "rewards", "dones", "states"], "hdf5_cache_mode": "low_dim"}
    return SequenceDataset(hdf5_path=path, load_next_obs=True, **{**wanted, **arguments})


dataset = opened()
rows = [dataset[index] for index in range(len(dataset))]
arrays = {key: np.concatenate([row["obs"][key] for row in rows]) for key in keys}
arrays |= {f"next/{key}": np.concatenate([row["next_obs"][key] for row in rows]) for key in keys}
arrays |= {key: np.concatenate([row[key] for row in rows]) for key in ("actions", "rewards", "dones", "states")}
stacked = opened(seq_length=4, frame_stack=2, filter_by_attribute="train")
assert stacked[0]["actions"].shape == (5, 7), stacked[0]["actions"].shape
environment = FileUtils.get_env_metadata_from_dataset(path)
shapes = FileUtils.get_shape_metadata_from_dataset(path, all_obs_keys=keys)
np.savez(
    out,
    train=stacked.n_demos,
    valid=opened(filter_by_attribute="valid").n_demos,
    env_name=environment["env_name"],
    action_width=shapes["ac_dim"],
    **arrays,
)
