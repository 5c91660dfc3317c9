"""From nothing to the first clip, each in a fresh process: import, weights, first clip, second clip, peak memory.

python benchmarks/start.py [--repeats 5] [--threads 2] [--table docs/speed.md]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
from report import parser, report, spread

PROBE = """
import json, resource, sys, time
began = time.perf_counter()
def lap():
    global began
    now = time.perf_counter()
    taken, began = now - began, now
    return taken
import ivg
laps = {"`import ivg`": lap()}
light = not {"torch", "robosuite", "mujoco"} & set(sys.modules)
import numpy as np
from ivg.policy import DemoGenerator
generator = DemoGenerator.from_pretrained("nano")
laps["torch, networks and weights"] = lap()
frame = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
lap()
generator(frame, "cut the carrot")
laps["first demonstration"] = lap()
generator(frame, "cut the carrot", 1)
laps["second demonstration"] = lap()
laps["peak memory, MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
laps["light"] = light
print(json.dumps(laps))
"""


def main() -> None:
    """Print seconds and memory."""
    options = parser(__doc__, "start").parse_args()
    environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}
    runs = []
    for _ in range(options.repeats + 1):  # the first one fills the system's file cache, and does not count
        done = subprocess.run(
            [sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=True
        )
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    light = all(run.pop("light") for run in runs)
    rows = []
    for name in runs[0]:
        values = np.array([run[name] for run in runs[1:]])
        rows.append([name, spread(values, "{:.0f}" if "memory" in name else "{:.2f}")])
    loads = "loads neither torch nor a simulator" if light else "LOADS torch or a simulator"
    note = (
        f"Seconds (memory: MiB), median of {options.repeats} fresh processes with the spread, {options.threads} "
        f"threads, files in the system's cache. `import ivg` {loads}."
    )
    report("start", ["step", "value"], rows, note, options.table)


if __name__ == "__main__":
    main()
