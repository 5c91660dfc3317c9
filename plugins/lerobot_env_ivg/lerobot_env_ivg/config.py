"""Options of ``--env.type=ivg_kitchen``, and the names of its observations in datasets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import gymnasium
from lerobot.configs.types import FeatureType, PolicyFeature
from lerobot.envs.configs import EnvConfig

GYM_ID = "lerobot_env_ivg/Kitchen-v0"

if GYM_ID not in gymnasium.registry:
    # Without gymnasium's own wrappers, which hide `task_description` from LeRobot.
    gymnasium.register(GYM_ID, "lerobot_env_ivg.kitchen:LeRobotKitchen", order_enforce=False, disable_env_checker=True)


@EnvConfig.register_subclass("ivg_kitchen")
@dataclass
class IvgKitchenConfig(EnvConfig):
    """The kitchen.

    Attributes:
        task: The task, in words.
        fps: Steps a second; the robot's own.
        camera: Name of the camera in datasets: images are ``observation.images.<camera>``.
        camera_size: Height and width of the images, px; as in the policy's training dataset.
        episode_length: Steps until truncation.
        demonstrations: Folder of demonstrations to observe, see `LeRobotKitchen`; None for none.
    """

    task: str | None = "close the drawer"
    fps: int = 20
    camera: str = "front"
    camera_size: int = 128
    episode_length: int = 400
    demonstrations: str | None = None
    features: dict[str, PolicyFeature] = field(default_factory=dict)
    features_map: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Fill in the features of `ivg-dataset export --format lerobot`."""
        pixels = f"pixels/{self.camera}"
        self.features = {
            "action": PolicyFeature(FeatureType.ACTION, (7,)),
            "agent_pos": PolicyFeature(FeatureType.STATE, (16,)),
            pixels: PolicyFeature(FeatureType.VISUAL, (self.camera_size, self.camera_size, 3)),
        }
        self.features_map = {
            "action": "action",
            "agent_pos": "observation.state",
            pixels: f"observation.images.{self.camera}",
        }
        if self.demonstrations is not None:
            self.features["environment_state"] = PolicyFeature(FeatureType.ENV, (256,))
            self.features_map["environment_state"] = "observation.environment_state"

    @property
    def package_name(self) -> str:
        """Package that LeRobot imports if it does not know the environment's id yet."""
        return GYM_ID.split("/")[0]

    @property
    def gym_id(self) -> str:
        """The environment's id."""
        return GYM_ID

    @property
    def gym_kwargs(self) -> dict[str, Any]:
        """Arguments of the environment."""
        return {
            "task": self.task,
            "camera": self.camera,
            "camera_size": self.camera_size,
            "episode_length": self.episode_length,
            "demonstrations": self.demonstrations,
        }
