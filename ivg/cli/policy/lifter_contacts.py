"""``ivg-policy evaluate-lifter --generated``: contacts of generated clips compared with the truth."""

from __future__ import annotations

import argparse

from ...errors import InputError
from ..shared.command import values_of, write_json
from ..shared.launcher_options import launcher_from
from ..shared.progress import progress_bar


def evaluate_contacts(options: argparse.Namespace) -> None:
    """Generate clips, lift their hands and print how far their contacts are off."""
    from ...policy.hands3d.lifting import HandLifter
    from ...workflows.policies.lifter_generated import evaluate_generated

    if options.method != "network" or options.plot:
        raise InputError("--generated lifts by the network and draws no plot: leave --method and --plot out")
    lifter, clips, launcher = HandLifter.from_pretrained(options.lifter), options.generated, launcher_from(options)
    given = values_of(options, "weights", "cache", "seed_offset", "steps", "samples", "device")
    with progress_bar("clips", "clip") as progress:
        contacts = evaluate_generated(lifter, clips, launcher=launcher, progress=progress, **given)
    seeds = f"seeds {options.seed_offset} to {options.seed_offset + clips - 1}"
    print(f"lifter {options.lifter}, {clips} generated clips, {seeds}:\n{contacts.report}")
    write_json({"weights": options.weights, "lifter": lifter.provenance, **contacts.as_json}, options.json)
