"""EgoVLP's video side at a tiny size with random weights, in the layout of its authors' checkpoint."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from ivg.errors import WeightsError
from ivg.metrics.networks.egovlp import Attention, EgoVLPEmbeddings, SpaceTimeTransformer
from ivg.metrics.networks.unpickle import load_tensors


def tiny() -> SpaceTimeTransformer:
    torch.manual_seed(0)
    network = SpaceTimeTransformer(width=128, depth=2, hidden=96, patch=16, places=4, frames=4, embedding=24)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return network


class Settings:
    """What the authors' checkpoint holds beside tensors; to be unpickled it would have to be imported."""

    def __init__(self) -> None:
        self.lists, self.words = [1, 2], {"a": "b"}


class Evil:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


def checkpoint(path: Path, **more: Any) -> Path:
    """A file as the authors' training writes it, from several GPUs, with a text side."""
    state = {f"module.{name}": tensor for name, tensor in tiny().state_dict().items()}
    state["module.text_model.embeddings.weight"] = torch.zeros(3, 4)
    torch.save({"arch": "FrozenInTime", "epoch": 3, "state_dict": state, "config": Settings(), **more}, path)
    return path


@pytest.mark.parametrize("over_time", [True, False])
def test_attention_is_full_attention_under_a_mask(over_time: bool) -> None:
    """Tokens see the class token and their own place (or frame); the class token sees all."""
    torch.manual_seed(1)
    attention, frames, places = Attention(128), 3, 5
    x = torch.randn(2, 1 + frames * places, 128)
    frame, place = torch.arange(frames * places) // places, torch.arange(frames * places) % places
    group = place if over_time else frame
    mask = torch.ones(1 + frames * places, 1 + frames * places, dtype=torch.bool)
    mask[1:, 1:] = group[:, None] == group[None]
    q, k, v = (part.unflatten(-1, (2, 64)).transpose(1, 2) for part in attention.qkv(x).chunk(3, dim=-1))
    expected = attention.proj(F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2))
    torch.testing.assert_close(attention(x, frames, over_time=over_time), expected, rtol=1e-4, atol=1e-5)


def test_frames_and_places_have_their_own_embeddings() -> None:
    """Frames (or patches) that change places with their embeddings leave the result as it was."""
    network = tiny().eval()
    clips = torch.randn(2, 4, 3, 32, 32)
    with torch.no_grad():
        before = network(clips)
        assert not torch.allclose(network(clips[:, [1, 0, 2, 3]]), before)
        network.video_model.temporal_embed.copy_(network.video_model.temporal_embed[:, [1, 0, 2, 3]])
        torch.testing.assert_close(network(clips[:, [1, 0, 2, 3]]), before, rtol=1e-4, atol=1e-4)
        network.video_model.pos_embed.copy_(network.video_model.pos_embed[:, [0, 2, 1, 4, 3]])
        mirrored = torch.cat([clips[..., 16:], clips[..., :16]], -1)
        torch.testing.assert_close(network(mirrored[:, [1, 0, 2, 3]]), before, rtol=1e-4, atol=1e-4)


def test_a_checkpoint_is_read_as_its_authors_wrote_it(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "egovlp.pth")
    network = EgoVLPEmbeddings(str(path))
    clips = torch.randint(0, 256, (2, 15, 40, 48, 3), dtype=torch.uint8)
    embeddings = network.clips(clips)
    assert embeddings.shape == (2, 24)
    assert torch.isfinite(embeddings).all()
    shown = clips.clone()
    shown[:, [0, 2, 3, 4, 6, 7, 8, 10, 11, 12, 14]] = 0
    torch.testing.assert_close(network.clips(shown), embeddings, msg="frames 1, 5, 9 and 13 are taken")
    save_file({name: tensor.contiguous() for name, tensor in load_tensors(path).items()}, tmp_path / "e.safetensors")
    torch.testing.assert_close(EgoVLPEmbeddings(str(tmp_path / "e.safetensors")).clips(clips), embeddings)


def test_a_checkpoint_runs_nothing(tmp_path: Path) -> None:
    target = tmp_path / "made"
    assert "video_model.cls_token" in load_tensors(checkpoint(tmp_path / "egovlp.pth", evil=Evil(target)))
    legacy = tmp_path / "legacy.pth"
    torch.save({"state_dict": {"a": torch.ones(2)}, "evil": Evil(target)}, legacy, _use_new_zipfile_serialization=False)
    assert load_tensors(legacy)["a"].tolist() == [1, 1]
    legacy.write_bytes(pickle.dumps(Evil(target)))
    with pytest.raises(WeightsError):
        load_tensors(legacy)
    assert not target.exists()


def test_what_is_no_egovlp_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="EgoVLP_PT_BEST.pth"):
        EgoVLPEmbeddings(None)
    with pytest.raises(WeightsError, match="there is no file"):
        EgoVLPEmbeddings(str(tmp_path / "nothing.pth"))
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="no EgoVLP"):
        EgoVLPEmbeddings(str(tmp_path / "other.pth"))
    state = tiny().state_dict()
    del state["video_model.blocks.1.norm3.weight"]
    torch.save({"state_dict": state}, tmp_path / "part.pth")
    with pytest.raises(WeightsError, match=r"blocks\.1\.norm3"):
        EgoVLPEmbeddings(str(tmp_path / "part.pth"))
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(WeightsError, match="no tensors"):
        load_tensors(tmp_path / "list.pth")
