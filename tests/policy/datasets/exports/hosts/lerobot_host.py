"""Runs in an environment that has lerobot: reads a dataset, trains on it, or makes one.

read ROOT OUT.npz: every array of every step.   train ROOT: a step of ACT.   make ROOT: a dataset of another robot.
"""

import os
import sys
import tempfile

os.environ["HF_HOME"], os.environ["HF_HUB_OFFLINE"] = tempfile.mkdtemp(), "1"

import numpy as np  # noqa: E402
import torch  # noqa: E402
from lerobot.datasets.lerobot_dataset import LeRobotDataset  # noqa: E402

KEYS = {
    "proprio": "observation.state",
    "action": "action",
    "demo_plan": "observation.environment_state",
    "demo_path": "demo.path",
    "demo_keypoints": "demo.keypoints",
    "phase": "demo.phase",
    "plan_phase": "demo.plan_phase",
    "reward": "next.reward",
    "done": "next.done",
    "success": "next.success",
    "timestamp": "timestamp",
    "frame_index": "frame_index",
    "episode_index": "episode_index",
    "index": "index",
}


def opened(root, **arguments):
    return LeRobotDataset("ivg/test", root=root, video_backend="pyav", **arguments)


def read(root, out):
    dataset = opened(root)
    rows = [dataset[index] for index in range(len(dataset))]
    arrays = {name: np.stack([row[key].numpy() for row in rows]) for name, key in KEYS.items()}
    arrays["image"] = np.stack([row["observation.images.front"].numpy() for row in rows]).transpose(0, 2, 3, 1)
    arrays["task"] = np.array([row["task"] for row in rows])
    for key in ("observation.state", "action", "observation.images.front"):
        for name, value in dataset.meta.stats[key].items():
            arrays[f"{key}/{name}"] = np.asarray(value)
    np.savez(out, episodes=dataset.num_episodes, fps=dataset.fps, **arrays)


def train(root):
    """One step of LeRobot's ACT with all that its own factory takes from the dataset."""
    from lerobot.policies.act.configuration_act import ACTConfig
    from lerobot.policies.factory import make_policy, make_pre_post_processors

    dataset = opened(root, delta_timestamps={"action": [step / 20 for step in range(4)]})
    sizes = {"chunk_size": 4, "n_action_steps": 4, "dim_model": 32, "n_heads": 2, "dim_feedforward": 32}
    config = ACTConfig(pretrained_backbone_weights=None, device="cpu", push_to_hub=False, **sizes)
    policy = make_policy(config, ds_meta=dataset.meta)
    before, _ = make_pre_post_processors(config, dataset_stats=dataset.meta.stats)
    batch = before(next(iter(torch.utils.data.DataLoader(dataset, batch_size=4))))
    loss, _ = policy.forward(batch)
    loss.backward()
    weights = policy.model.encoder_env_state_input_proj.weight
    assert torch.isfinite(loss), loss
    assert weights.grad.abs().sum() > 0, "the demonstration's plan does not reach the policy"
    print("inputs", *sorted(policy.config.input_features))


def make(root):
    """Two episodes of a robot whose numbers have other names and an order of their own."""
    features = {
        "observation.images.top": {"dtype": "video", "shape": (64, 96, 3), "names": ["height", "width", "channels"]},
        "observation.state": {
            "dtype": "float32",
            "shape": (7,),
            "names": ["gripper", "ee.x", "ee.y", "ee.z", "roll", "pitch", "yaw"],
        },
        "observation.joints": {
            "dtype": "float32",
            "shape": (7,),
            "names": [f"joint_{number}.pos" for number in range(7)],
        },
        "action": {
            "dtype": "float32",
            "shape": (7,),
            "names": ["delta_x", "delta_y", "delta_z", "roll", "pitch", "yaw", "gripper"],
        },
    }
    dataset = LeRobotDataset.create("ivg/foreign", 10, features, root=root, robot_type="other", use_videos=True)
    for episode in range(2):
        for step in range(6):
            frame = {
                "observation.images.top": np.full((64, 96, 3), 40 * episode + 20 * step, np.uint8),
                "observation.state": np.array([0.5, step, 2, 3, 0, 0, np.pi / 2], np.float32),
                "observation.joints": np.arange(7, dtype=np.float32) + step,
                "action": np.full(7, step / 10 - 0.3, np.float32),
            }
            dataset.add_frame({**frame, "task": "lift the cup"})
        dataset.save_episode()
    dataset.finalize()


{"read": read, "train": train, "make": make}[sys.argv[1]](*sys.argv[2:])
