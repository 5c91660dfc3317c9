"""The procedural hand: proportions, kinematics, poses, skin, and its avatar in a MuJoCo model."""
