"""``ivg-policy train-rl``, ``evaluate-rl``, ``compare-rewards``: a whole run in the kitchen, and what is refused."""

import json

import pytest

from ivg.cli.policy import main
from ivg.policy.rl.curve import COLUMNS, LearningCurve, comparison_table
from ivg.workflows.reward_comparison import REWARDS, plan

TINY = [
    "demonstrations=truth",
    "environment.horizon=8",
    "policy.steps=24",
    "policy.evaluate_every=12",
    "policy.scenes=1",
    "policy.evaluation_scenes=1",
    "policy.net_arch=[16]",
    "policy.learner.learning_starts=10",
    "policy.learner.batch_size=8",
]


def test_a_run_in_the_kitchen_and_its_evaluation(tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["train-rl", "task=push the plate", f"output={out}", *TINY]) == 0
    printed = capsys.readouterr().out
    assert "step      24/24" in printed
    assert LearningCurve(out / "curve.csv").column("step") == [0, 12, 24]
    assert main(["train-rl", "task=push the plate", f"output={out}", "resume=true", *TINY, "policy.steps=30"]) == 0
    assert LearningCurve(out / "curve.csv").column("step") == [0, 12, 24, 30]
    report = tmp_path / "report.json"
    assert main(["evaluate-rl", "--run", str(out), "--episodes", "1", "--json", str(report)]) == 0
    episode = json.loads(report.read_text())["episodes"][0]
    assert (episode["seed"], episode["demo_found"], episode["steps"]) == (1_000_000, True, 4)


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
def test_rewards_are_compared_and_what_is_done_stays(tmp_path, capsys):
    command = ["compare-rewards", "--out", str(tmp_path), "--tasks", "push_plate", "--seeds", "1", "--workers", "1"]
    assert main([*command, "--settings", *TINY]) == 0
    table = (tmp_path / "table.txt").read_text()
    assert [line.split()[1] for line in table.splitlines()[1:]] == ["tracking", "sparse", "gain"]
    assert (tmp_path / "push_plate.png").exists()
    made = (tmp_path / "push_plate" / "sparse" / "seed-0" / "curve.csv").stat().st_mtime_ns
    capsys.readouterr()
    assert main([*command, "--settings", *TINY]) == 0
    assert (tmp_path / "push_plate" / "sparse" / "seed-0" / "curve.csv").stat().st_mtime_ns == made
    assert main([*command, "--settings", *TINY, "policy.gamma=0.5"]) == 2
    assert "other settings" in capsys.readouterr().err


def test_rewards_meet_on_the_same_seeds(tmp_path):
    jobs = plan(tmp_path, ["push_plate", "close_drawer"], 2, ("policy.steps=10",))
    assert len({job.output for job in jobs}) == len(jobs) == 8
    runs = [job.run() for job in jobs]
    assert [run.policy.reward for run in runs[:2]] == ["tracking", "sparse"]
    assert {(run.task, run.policy.seed) for run in runs} == {
        (task, seed) for task in ("push_plate", "close_drawer") for seed in (0, 1)
    }
    assert {run.cache for run in runs} == {tmp_path / "demonstrations"}


def test_the_table_says_which_reward_gains(tmp_path):
    curves = {"push_plate": {}}
    for reward, end in (("tracking", 1.0), ("sparse", 0.0)):
        runs = {}
        for seed in (0, 1):
            runs[seed] = LearningCurve(tmp_path / f"{reward}{seed}.csv")
            for step, success in ((0, 0.0), (10, end)):
                runs[seed].add(dict.fromkeys(COLUMNS, 0.0) | {"step": step, "success": success})
        curves["push_plate"][reward] = runs
    lines, figures = comparison_table(curves, REWARDS)
    assert figures["push_plate"]["gain"]["value"] == pytest.approx(0.5)
    assert figures["push_plate"]["sparse"]["steps_to_half"] == (None, None)
    assert "10, 10" in lines[1]
    assert "-, -" in lines[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train-rl"], "output is missing"),
        (["train-rl", "output=x", "policy=diffusion"], "learns from episodes"),
        (["train-rl", "output=x", "policy.reward=tracing"], "did you mean 'tracking'"),
        (["train-rl", "output=x", "policy.rewad=sparse"], "rewad"),
        (["train-rl", "output=x", "demonstrations=true_ones"], "options: generated, truth, none"),
        (["train-rl", "output=x", "demonstrations=truth", "task=juggle apples"], "use demonstrations=generated"),
        (["train-rl", "output=x", "environment.name=kitschen"], "did you mean 'kitchen'"),
        (["evaluate-rl", "--run", "nowhere"], "holds no policy"),
        (["compare-rewards", "--out", "x", "--settings", "task=a"], "compare-rewards itself decides"),
        (["train", "policy=sb3_sac", "output=x", "data.path=y"], "unknown policy.kind 'sb3'"),
    ],
)
def test_wrong_requests_are_one_line(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
