"""What a robot can follow, as `ivg-policy execute` names it; loads nothing, unlike what does it."""

from __future__ import annotations

SOURCES = {
    "path": "the person's true joints",
    "truth": "the person's clip, through extraction",
    "generated": "the generated clip, through extraction",
    "chosen": "the best of up to four generated clips",
    "colour": "the generated clip, no depth picture",
    "elsewhere": "the true joints of a person in another kitchen",
}
"""What the robot follows. All but "colour" have the depth picture of the scene; the last is of another scene."""
