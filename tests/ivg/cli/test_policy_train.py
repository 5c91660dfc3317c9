"""``ivg-policy train``, ``evaluate`` and ``ablate-conditioning``, and the tables that they make."""

import json
from pathlib import Path

import numpy as np
import pytest

from ivg.cli.policy import main
from ivg.errors import ConfigError, InputError
from ivg.policy.datasets import RobotEpisode, write_episodes
from ivg.policy.evaluation import Outcome
from ivg.workflows.policies.conditioning_table import ConditioningAblation
from ivg.workflows.policies.evaluate import PolicyReport, policy_name, rollout_jobs
from ivg.workflows.policy_settings import read_policy_run

TINY = [
    "policy.image_size=16",
    "policy.image_widths=[8,16]",
    "policy.width=32",
    "policy.demo_width=16",
    "policy.demo_layers=1",
    "policy.demo_heads=2",
    "policy.widths=[16,32]",
    "train.batch_size=4",
    "train.warmup_steps=1",
]


def episode(seed: int) -> RobotEpisode:
    rng = np.random.default_rng(seed)
    path = np.concatenate([rng.normal(size=(16, 3)), np.tile([0, 1, 0, 0], (16, 1)), np.ones((16, 1))], 1)
    proprio = rng.normal(size=(20, 16))
    proprio[:, 3:7] = [0, 1, 0, 0]
    return RobotEpisode(
        image=rng.integers(0, 256, (20, 32, 32, 3), np.uint8),
        proprio=proprio.astype(np.float32),
        action=rng.uniform(-1, 1, (20, 7)).astype(np.float32),
        phase=np.linspace(0, 1, 20, dtype=np.float32),
        plan_phase=np.linspace(0, 1, 20, dtype=np.float32),
        demo_keypoints=rng.random((16, 2, 21, 2), np.float32),
        demo_present=np.ones((16, 2), np.float32),
        demo_path=path.astype(np.float32),
        demo_plan=np.repeat(path, 2, 0).astype(np.float32),
        demo_clip=np.zeros((16, 32, 32, 3), np.uint8),
        task="open_drawer",
        text="open the drawer",
        seed=100 + seed,
        success=seed != 2,
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_episodes(tmp_path_factory.mktemp("episodes") / "e.zarr", (episode(seed) for seed in range(5)))


@pytest.fixture(scope="module")
def trained(dataset, tmp_path_factory):
    """A policy trained for two steps, by the command."""
    output = tmp_path_factory.mktemp("runs") / "watcher"
    assert main(["train", f"data.path={dataset}", f"output={output}", "train.steps=2", *TINY]) == 0
    return output


def test_settings_become_a_training():
    run = read_policy_run(
        ["policy=behaviour_cloning", "conditioning=text", "data.path=a.zarr", "output=b", "train.seed=4"]
    )
    assert (run.policy.kind, run.policy.conditioning, run.train.seed) == ("behaviour_cloning", "text", 4)
    assert (run.data.path, run.output, run.resume) == ("a.zarr", Path("b"), False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("data.path=a", "output is missing"),
        ("output=a", "data.path is missing"),
        ("output=a data.path=b train.stepss=3", "train.stepss"),
        ("output=a data.path=b policy.hiden=3", "policy.hiden"),
        ("output=a data.path=b train.steps=many", "train.steps"),
        ("output=a data.path=b policy=difusion", "behaviour_cloning diffusion"),
        ("output=a data.path=b conditioning=tex", "did you mean 'text'"),
        ("output=a data.path=b conditions=text", "conditions"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises((ConfigError, InputError), match=message):
        read_policy_run(settings.split())


def test_all_settings_can_be_shown(capsys):
    assert main(["train", "--show", "conditioning=none", "train.seed=7"]) == 0
    shown = capsys.readouterr().out
    assert "conditioning: none" in shown
    assert "seed: 7" in shown


def test_a_training_ends_with_figures_and_goes_on(trained, dataset, capsys):
    capsys.readouterr()
    request = ["train", f"data.path={dataset}", f"output={trained}", "train.steps=3", *TINY]
    assert main(request) == 2
    assert "resume=true" in capsys.readouterr().err
    steps = (trained / "curves.csv").read_text().splitlines()
    assert len(steps) >= 2
    notes = json.loads((trained / "weights" / "config.json").read_text())["notes"]
    assert notes["data"]["episodes"] == 3  # one failed, one is held out
    assert notes["data"]["seeds"] == [100, 103]


def test_rollouts_are_of_scenes_that_are_held_out(trained):
    weights = trained / "weights"
    jobs = rollout_jobs(weights, "truth", ["open_drawer", "push_plate"], 2, 1_000_000, None)
    assert [(job.task, job.seed) for job in jobs] == [
        ("open_drawer", 1_000_000), ("push_plate", 1_000_000), ("open_drawer", 1_000_001), ("push_plate", 1_000_001),
    ]  # fmt: skip
    assert {(job.size, job.max_steps, job.name) for job in jobs} == {(32, 26, policy_name(weights))}
    assert jobs[0].attempt.text
    with pytest.raises(InputError, match="not held out"):
        rollout_jobs(weights, "truth", ["open_drawer"], 2, 99, None)


def test_a_policy_without_demonstrations_is_given_none(dataset, tmp_path, capsys):
    output = tmp_path / "blind"
    assert main(["train", f"data.path={dataset}", f"output={output}", "train.steps=1", "conditioning=none", *TINY]) == 0
    capsys.readouterr()
    request = ["evaluate", "--policy", str(output / "weights"), "--out", str(tmp_path / "out"), "--demo", "truth"]
    assert main(request) == 2
    assert "conditioning=none" in capsys.readouterr().err
    assert main(["evaluate", "--policy", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "config.json is missing" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
def test_a_policy_is_rolled_out_in_the_kitchen(trained, tmp_path, capsys):
    out = tmp_path / "out"
    request = f"evaluate --policy {trained / 'weights'} --out {out} --episodes 1 --tasks open_drawer --demo truth "
    request += f"--max-steps 3 --workers 1 --json {tmp_path / 'report.json'}"
    assert main(request.split()) == 0
    assert "open_drawer" in capsys.readouterr().out
    (line,) = (out / "outcomes.jsonl").read_text().splitlines()
    outcome = Outcome(**json.loads(line))
    assert (outcome.reason, outcome.steps, outcome.source) == ("not_done", 3, "truth")
    assert len(list((out / "demonstrations").rglob("*.npz"))) == 1
    assert main(request.split()) == 0
    assert (out / "outcomes.jsonl").read_text() == line + "\n"  # nothing was done twice
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["all"]["count"] == 1
    assert report["failures"] == "1 not_done"


def outcomes(shares: dict[str, int]) -> dict:
    """Ten rollouts for each row and each of two training seeds, so many of them done."""
    return {
        (name, seed): [
            Outcome(f"{name}-{seed}", "none", ("a", "b")[k % 2], k, "" if k < done else "not_done") for k in range(10)
        ]
        for name, done in shares.items()
        for seed in range(2)
    }


def ablation(dataset, **done: int) -> ConditioningAblation:
    return ConditioningAblation(dataset, "diffusion", 10, 2, 5, outcomes(done))


def test_the_table_has_rates_intervals_and_verdicts(dataset, tmp_path):
    made = ablation(dataset, generated=6, truth=8, text=4, nothing=2)
    table = made.table
    assert table.startswith("5 episodes of `e.zarr`; diffusion, 10 steps, 2 training seeds, 5 held-out scenes")
    assert "| a generated demonstration | 60.0 % | 39 to 78 | 60, 60 | 20 |" in table
    assert "0.75 times (target 0.8): missed" in table
    assert "3.00 times (target 2): met" in table
    assert "| `a` | 6/10 | 8/10 | 4/10 | 2/10 |" in table
    made.draw_plot(tmp_path / "new" / "plot.png")
    assert (tmp_path / "new" / "plot.png").stat().st_size > 2000
    json.dumps(made.as_json)


def test_nothing_that_never_succeeds_is_no_division(dataset):
    table = ablation(dataset, generated=1, truth=0, text=0, nothing=0).table
    assert "over nothing: that never succeeds (target 2): met" in table


def test_a_report_counts_all():
    made = PolicyReport("mine", "text", "none", outcomes({"text": 5})["text", 0])
    assert "all tasks" in made.table
    assert made.report.endswith("failures: 5 not_done; 0.0 s a rollout")
    report = made.as_json
    assert report["all"]["successes"] == 5
    assert report["tasks"]["a"]["count"] == 5
    assert report["failures"] == "5 not_done"


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
def test_the_ablation_from_training_to_table(dataset, tmp_path, capsys):
    table = tmp_path / "table.md"
    request = f"ablate-conditioning --data {dataset} --out {tmp_path / 'out'} --seeds 1 --steps 2 --episodes 1 "
    request += f"--max-steps 2 --tasks open_drawer --table {table} --plot {tmp_path / 'plot.png'} "
    request += f"--set {' '.join(TINY)}"
    assert main(request.split()) == 0
    assert table.read_text().strip() in capsys.readouterr().out
    lines = (tmp_path / "out" / "outcomes.jsonl").read_text().splitlines()
    assert {json.loads(line)["reason"] for line in lines} <= {"not_done", "no_hand", ""}
    assert len(lines) == 4
    trainings = list((tmp_path / "out" / "runs").rglob("weights/*"))
    written = max(path.stat().st_mtime_ns for path in trainings)
    assert main(request.split()) == 0
    assert max(path.stat().st_mtime_ns for path in trainings) == written, "nothing is trained again"
    assert (tmp_path / "out" / "outcomes.jsonl").read_text().splitlines() == lines
    assert main([*request.split(), "train.learning_rate=0.1"]) == 2
    assert "trained with other settings" in capsys.readouterr().err
