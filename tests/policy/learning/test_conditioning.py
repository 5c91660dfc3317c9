"""Where only the demonstration shows the goal, only a policy with demonstrations finds it."""

import pytest

from ivg.policy.evaluation import rollout
from ivg.policy.learning import load_policy, train_policy

SCENES = range(1000, 1016)


def successes(folder, env, shown=True):
    policy = load_policy(folder / "weights")
    demonstrate = (lambda observation, info: env.demonstration()) if shown else None
    return sum(
        rollout(env, policy, seed=seed, max_steps=60, text="go there", demonstrate=demonstrate).success
        for seed in SCENES
    )


@pytest.mark.parametrize(
    ("kind", "steps"), [("behaviour_cloning", 150), pytest.param("diffusion", 350, marks=pytest.mark.slow)]
)
def test_a_policy_with_demonstrations_finds_the_goal(kind, steps, new_run, new_env):
    conditioned, blind = (new_run(kind, conditioning, steps, conditioning) for conditioning in ("demo", "none"))
    train_policy(conditioned)
    train_policy(blind)
    assert successes(conditioned.output, new_env()) >= 13
    assert successes(blind.output, new_env()) <= 12  # two goals: half of the scenes by chance
