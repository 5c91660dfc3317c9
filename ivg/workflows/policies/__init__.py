"""Work that needs a robot or a lifter: executing demonstrations, evaluating policies, ablations, extraction."""
