"""What a run would need: counted on the meta device, checked against known answers."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode

from ivg.errors import ConfigError
from ivg.models.nano.denoiser import NanoVideoDenoiser
from ivg.training import report
from ivg.training.composition import compose_train, read_stage
from ivg.training.cost.step_cost import step_cost
from ivg.training.settings import ClipConfig, ModelConfig

PAGE = Path(__file__).parents[3] / "docs" / "base.md"
WIDTH, ROWS, BLOCKS = 1000, 500, 8
UNIT = 4 * ROWS * WIDTH  # bytes of one activation in float32; a layer's weights are two of these


class _Block(nn.Module):
    """Four layers with sigmoids between them: keeps four activations for the backward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(WIDTH, WIDTH) for _ in range(4)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x.sigmoid())
        return x


def _cost(checkpointing: bool, half: bool) -> tuple[float, float]:
    """FLOPs in forward passes of the stack, memory in activations."""
    with torch.device("meta"):
        blocks, start = nn.ModuleList([_Block() for _ in range(BLOCKS)]), torch.empty(ROWS, WIDTH)

    def loss() -> torch.Tensor:
        x = start
        for block in blocks:
            x = checkpoint(block, x, use_reentrant=False) if checkpointing else block(x)
        return x.sum()

    cost = step_cost(loss, blocks.parameters(), half)
    return cost.flops / (2 * ROWS * WIDTH * WIDTH * 4 * BLOCKS), cost.bytes / UNIT


def test_memory_and_flops_of_a_stack_of_layers() -> None:
    """Known: 4 kept activations a block, and a handful at work; 3 forward passes' FLOPs, 4 with checkpointing."""
    flops, memory = _cost(checkpointing=False, half=False)
    assert 2.9 < flops <= 3
    assert 4 * BLOCKS <= memory < 4 * BLOCKS + 6
    flops, memory = _cost(checkpointing=True, half=False)
    assert 3.5 < flops <= 4
    assert BLOCKS <= memory < BLOCKS + 8  # the blocks' inputs, and the inside of one


def test_in_half_precision_activations_are_half_and_weights_are_cast_once() -> None:
    _, memory = _cost(checkpointing=False, half=True)
    weights = 4 * BLOCKS * 2 / 2
    assert weights + 4 * BLOCKS / 2 <= memory < weights + 4 * BLOCKS / 2 + 6


def test_flops_are_those_that_torch_counts() -> None:
    sizes = {"latent_channels": 4, "latent_size": 8, "widths": [8, 16, 24], "embedding_width": 16, "heads": [1, 2, 2]}
    with torch.device("meta"):
        model = NanoVideoDenoiser(**sizes)
        inputs = [torch.empty(2, 16, 4, 8, 8), torch.empty(2), torch.empty(2, 5, 384)]
        context = torch.empty(2, 4, 8, 8)

    def loss() -> torch.Tensor:
        return model(*inputs, context=context).sample.sum()

    counter = FlopCounterMode(display=False)
    with counter:
        loss().backward()
    assert step_cost(loss, model.parameters(), half=False).flops == counter.get_total_flops() > 0


def _table(text: str) -> dict[str, list[str]]:
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return {name: values for name, *values in rows[2:]}


def test_the_table_adds_up() -> None:
    sizes = {"latent_channels": 4, "latent_size": 4, "widths": [8, 16, 24], "embedding_width": 16, "heads": [1, 2, 2]}
    autoencoder = {"latent_channels": 4, "encoder_widths": [8, 8, 16], "decoder_widths": [8, 8, 16]}
    config = ClipConfig(steps=10, optimizer="adamw", hand_structure_weight=0.0)
    table = _table(report(config, ModelConfig(autoencoder=autoencoder, denoiser=sizes)))
    count = sum(p.numel() for p in NanoVideoDenoiser(**sizes).parameters())
    assert table["parameters, trained"] == [f"{count / 1e6:.1f} M"]
    assert float(table["memory, optimiser"][0].split()[0]) == pytest.approx(8 * count / 2**30, abs=0.006)


def _report(*settings: str) -> str:
    return report(*read_stage(compose_train(settings)))


def test_a_report_needs_neither_data_nor_output(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    table = _table(_report("train=region", "model=base_tiny"))
    flops = [float(value.split()[0]) for value in table["FLOPs a step"]]
    assert flops[0] < flops[1] < 1.4 * flops[0]  # one more forward pass, of all that is checkpointed
    assert not list(tmp_path.iterdir())
    with pytest.raises(ConfigError, match="pretrained one"):
        _report("train=autoencoder", "model=base_tiny")
    with pytest.raises(ConfigError, match="is for nano"):
        _report("train=masks", "model=base_tiny")
    table = _table(_report("train=masks"))
    assert table["parameters, trained"] == ["0.1 M"]
    # forward and backward: 8 clips x 4 frames x 256 cells, 118,080 multiplications each, and the bare first layer's
    assert float(table["FLOPs a step"][0].split()[0]) == pytest.approx(6 * 32 * 256 * 117_504e-12, rel=0.08)


@pytest.mark.slow
def test_the_tables_of_the_page_are_what_the_commands_print() -> None:
    parts = re.findall(r"^    ivg-train (.*dry_run=true)\n\n(.*?)\n\n((?:\|.*\n)+)", PAGE.read_text(), re.MULTILINE)
    assert len(parts) >= 2
    for command, heading, table in parts:
        printed = _report(*command.split())
        assert heading in printed
        assert _table(table) == _table(printed), command
