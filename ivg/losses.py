"""The paper's losses, as pure functions."""

from __future__ import annotations

from torch import Tensor

ALPHA = 1.0  # the paper's weight of L_hand in stage 2 (Sec. 4)
BETA = 0.1  # the paper's weight of L_mIoU in stage 1 (Sec. 4)


def noise_loss(prediction: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """L_noise (Eq. 5): mean squared error between predicted and true clean samples, weighted position by position.

    The networks predict the clean sample, from which the noise follows by Eq. 1; for one noise level the two errors
    differ by a factor only. Samples are float (b, t, z, h, w); `weight` is broadcast against them, None weighs all
    alike.
    """
    error = (prediction.float() - target.float()).square()
    return error.mean() if weight is None else (error * weight).mean()


def huber_loss(prediction: Tensor, target: Tensor, width: float, weight: Tensor | None = None) -> Tensor:
    """Pseudo-Huber loss of each latent vector: sqrt(|d|^2 + c^2) - c, d over the channels, weighted by position.

    Squared errors are least for the mean of what is likely, which is blurred; this one's least lies nearer to one of
    the likely things. (Song and Dhariwal 2023, "Improved Techniques for Training Consistency Models", Sec. 3.3, take it
    over a whole sample.) Samples are float (b, t, z, h, w); errors far below `width`, c, count squared; `weight` is
    broadcast to (b, t, 1, h, w), None weighs all alike.
    """
    square = (prediction.float() - target.float()).square().sum(2, keepdim=True)
    error = (square + width**2).sqrt() - width
    return error.mean() if weight is None else (error * weight).mean()


def miou_loss(masks: Tensor, target: Tensor) -> Tensor:
    """L_mIoU (Eq. 4): 1 - mean over frames of sum(G M) / sum(G + M - G M), a scalar in [0, 1].

    Masks G are float (..., h, w) in [0, 1], targets M the same shape, 0 or 1. A pixel is added to both sums, so that a
    frame that is empty in both counts as right.
    """
    both = (masks * target).sum((-2, -1))
    either = (masks + target - masks * target).sum((-2, -1))
    return 1 - ((both + 1) / (either + 1)).mean()


def hand_structure_loss(
    generated: Tensor, target: Tensor, target_present: Tensor, weight: Tensor | None = None
) -> Tensor:
    """L_hand (Eq. 2): 1/L' sum over frames l of 1/J_l ||P_l_gen - P_l_train||^2; 0 if no training video shows a hand.

    L' counts the frames in which the training video has a hand (`target_present`, bool (b, t, 2)), J_l its joints
    there. Where the generated video has no hand, give its joints as 0 (or times a presence in [0, 1], through which a
    gradient flows). Joints are (b, t, 2, 21, 2), normalised; values of absent target hands, also NaN, are not looked
    at. `weight` (b,) is each clip's, such as by its noise level; None weighs all alike.
    """
    present = target_present[..., None, None]
    difference = (generated - target.nan_to_num()).where(present, generated.new_zeros(()))
    joints = (target_present.sum(-1) * generated.shape[-2]).clamp_min(1)
    by_frame = difference.square().sum((-3, -2, -1)) / joints
    frames = target_present.any(-1).sum(-1).clamp_min(1)
    by_clip = by_frame.sum(-1) / frames
    return by_clip.mean() if weight is None else (by_clip * weight).mean()


def stage1_loss(noise: Tensor, miou: Tensor, beta: float = BETA) -> Tensor:
    """L_stage1 (Eq. 3): L_noise + beta * L_mIoU, scalars."""
    return noise + beta * miou


def stage2_loss(noise: Tensor, hand: Tensor, alpha: float = ALPHA) -> Tensor:
    """L_stage2 (Eq. 6): L_noise + alpha * L_hand, scalars."""
    return noise + alpha * hand
