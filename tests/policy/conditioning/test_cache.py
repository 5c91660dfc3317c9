"""What was observed once is not made again: in memory, on disk, for other processes."""

import multiprocessing
import pickle

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.policy.conditioning.cache import DemonstrationCache, ObservedDemonstration, cache_key
from ivg.types import Camera

FRAME = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
CAMERA = Camera(np.eye(3), np.eye(4), 4, 4)


def observed(value=1.0, found=True):
    return ObservedDemonstration({"demo_path": np.full((16, 8), value, np.float32)}, found)


def refuse():
    raise AssertionError("made again")


def test_it_is_made_once(tmp_path):
    for folder in (None, tmp_path):
        cache = DemonstrationCache(folder)
        assert cache.get("aa") is None
        first = cache.get_or_make("aa", observed)
        assert cache.get_or_make("aa", refuse) is first
        assert (cache.hits, cache.misses) == (1, 1)


def test_another_cache_on_the_folder_finds_it(tmp_path):
    DemonstrationCache(tmp_path).put("aa", observed(3.0))
    DemonstrationCache(tmp_path).put("bb", observed(0.0, found=False))
    again = DemonstrationCache(tmp_path)
    assert (again.get("aa").arrays["demo_path"] == 3.0).all()
    assert again.get("aa").found
    assert not again.get("bb").found
    assert list(again.get("aa").arrays) == ["demo_path"]


def test_memory_forgets_what_was_used_longest_ago():
    cache = DemonstrationCache(capacity=2)
    for key in ("aa", "bb"):
        cache.put(key, observed())
    cache.get("aa")
    cache.put("cc", observed())
    assert cache.get("bb") is None
    assert cache.get("aa") is not None
    assert len(cache) == 2


def test_damaged_and_pickled_files_are_made_anew(tmp_path):
    cache = DemonstrationCache(tmp_path)
    cache.put("aa", observed())
    (file,) = tmp_path.rglob("*.npz")
    good = file.read_bytes()
    evil = pickle.dumps({"found": True})
    for damage in (b"", good[:100], evil):
        file.write_bytes(damage)
        assert DemonstrationCache(tmp_path).get("aa") is None
    np.savez(file, found=np.array(True), demo_path=np.array([{}], dtype=object))
    assert DemonstrationCache(tmp_path).get("aa") is None
    DemonstrationCache(tmp_path).get_or_make("aa", observed)
    assert DemonstrationCache(tmp_path).get("aa").found


def _write_many(folder):
    cache = DemonstrationCache(folder)
    for _ in range(30):
        for key in ("aa", "bb", "cc"):
            cache.put(key, observed(float(ord(key[0]))))


def test_two_processes_share_a_folder(tmp_path):
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=_write_many, args=(tmp_path,)) for _ in range(2)]
    for process in others:
        process.start()
    while any(process.is_alive() for process in others):
        for key in ("aa", "bb", "cc"):
            there = (tmp_path / key / f"{key}.npz").exists()
            found = DemonstrationCache(tmp_path).get(key)
            assert found is not None or not there
            if found is not None:
                assert (found.arrays["demo_path"] == ord(key[0])).all()
    for process in others:
        process.join()
    assert [process.exitcode for process in others] == [0, 0]
    assert len(list(tmp_path.rglob("*.npz"))) == 3
    assert not list(tmp_path.rglob(".*"))


def test_the_key_depends_on_all_that_decides():
    base = (FRAME, "go", 0, CAMERA, {"weights": "a"})
    other_camera = Camera(np.diag([2.0, 2.0, 1.0]), np.eye(4), 4, 4)
    variants = [
        (FRAME + 1, *base[1:]),
        (FRAME.reshape(2, 8, 3), *base[1:]),
        (FRAME, "stop", *base[2:]),
        (FRAME, "go", 1, *base[3:]),
        (FRAME, "go", 0, other_camera, base[4]),
        (*base[:4], {"weights": "b"}),
        (*base, np.ones((2, 2), np.float32)),
    ]
    keys = {cache_key(*variant) for variant in [base, *variants]}
    assert len(keys) == 1 + len(variants)
    assert cache_key(FRAME.copy(), "go", np.int64(0), CAMERA, {"weights": "a"}) == cache_key(*base)


def test_a_cache_for_nothing_is_refused():
    with pytest.raises(InputError, match="capacity"):
        DemonstrationCache(capacity=0)
