"""Where demonstrations come from, as commands name it; loads nothing."""

from __future__ import annotations

EXECUTION_SOURCES = {
    "path": "the person's true joints",
    "truth": "the person's clip, through extraction",
    "generated": "the generated clip, through extraction",
    "chosen": "the best of up to four generated clips",
    "colour": "the generated clip, no depth image",
    "elsewhere": "the true joints of a person in another kitchen",
}
"""What the robot follows. All but "colour" have the depth image of the scene; the last is of another scene."""

NOTHING = "none"
"""The source of no demonstration."""

POLICY_SOURCES = ("generated", "truth", NOTHING)
"""What a policy that is conditioned on demonstrations is given."""
