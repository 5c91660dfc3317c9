"""Ego4D: actions with their times or narrations, as segments with instructions.

Field names as in the dataset's annotation schemas (ego4d-data.org, "Annotation Schemas"):

    fho_main.json     videos[].video_uid, .annotated_intervals[].clip_uid, .narrated_actions[]: start_sec, end_sec,
                      clip_start_sec, clip_end_sec, narration_text, structured_verb, is_rejected, is_valid_action, ...
    fho_lta_*.json    clips[]: video_uid, clip_uid, clip_parent_start_sec, action_clip_start_sec, action_clip_end_sec,
                      verb, noun
    narration.json    {video_uid: {narration_pass_1: {narrations: [{timestamp_sec, narration_text}]}, ..._2}}
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from ...errors import InputError
from .files import check_folder, read_json, videos_below
from .segment import Reading, Segment, first_word, one_line

_PASSES = ("narration_pass_1", "narration_pass_2")
_FAR_S = 1e9  # No time of a video is as large
_WEARER = re.compile(r"^\s*#\s*C\s+(C\s+)?", re.IGNORECASE)
_UNTAGGED = re.compile(r"^\s*#")


@dataclass(frozen=True)
class _Row:
    """One annotation of any of the files: times in the whole video and, if known, in the cut-out clip."""

    name: str
    text: Any
    video: str
    times: tuple[Any, Any]
    clip: str = ""
    clip_times: tuple[Any, Any] = (None, None)
    verb: str = ""
    fault: str = ""


def _rows(content: Any, path: Path) -> list[_Row]:
    """Tell the files apart by what they hold."""
    if isinstance(content, dict):
        videos, clips = content.get("videos"), content.get("clips")
        if any("annotated_intervals" in video for video in _dicts(videos)):
            return list(_action_rows(videos))
        if any("action_clip_start_sec" in clip for clip in _dicts(clips)):
            return list(_anticipation_rows(clips))
        table = videos if isinstance(videos, dict) else content
        if any(isinstance(value, dict) and any(key in value for key in _PASSES) for value in table.values()):
            return list(_narration_rows(table))
    keys = ", ".join(list(content)[:8]) if isinstance(content, dict) else type(content).__name__
    raise InputError(
        f"'{path}' is none of Ego4D's fho_main.json, fho_lta_*.json (with times and labels) and narration.json: "
        f"it holds {keys or 'nothing'}"
    )


def _dicts(items: Any) -> list[dict[str, Any]]:
    """Return the items of a list that are objects, and nothing of what is no list."""
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _action_rows(videos: Any) -> Iterator[_Row]:
    """Read fho_main.json."""
    for video in _dicts(videos):
        uid = str(video.get("video_uid") or "")
        for position, interval in enumerate(_dicts(video.get("annotated_intervals"))):
            for number, action in enumerate(_dicts(interval.get("narrated_actions"))):
                rejected = action.get("is_rejected") or action.get("is_invalid_annotation")
                unusable = rejected or action.get("is_valid_action") is False
                yield _Row(
                    name=str(action.get("uid") or f"{uid}, interval {position}, action {number}"),
                    text=action.get("narration_text"),
                    video=uid,
                    times=(action.get("start_sec"), action.get("end_sec")),
                    clip=str(interval.get("clip_uid") or ""),
                    clip_times=(action.get("clip_start_sec"), action.get("clip_end_sec")),
                    verb=_label(action.get("structured_verb")),
                    fault="rejected by its annotators" if unusable else "",
                )


def _anticipation_rows(clips: Any) -> Iterator[_Row]:
    """Read fho_lta_<set>.json, whose text is a verb and a noun of the taxonomy."""
    for clip in _dicts(clips):
        uid, clip_uid = str(clip.get("video_uid") or ""), str(clip.get("clip_uid") or "")
        times = (clip.get("action_clip_start_sec"), clip.get("action_clip_end_sec"))
        offset, *numbers = (_finite(value) for value in (clip.get("clip_parent_start_sec"), *times))
        verb, noun = _label(clip.get("verb")), _label(clip.get("noun"))
        yield _Row(
            name=f"{clip_uid or uid}, action {clip.get('action_idx')}",
            text=f"{verb} {noun}".strip(),
            video=uid,
            times=(None, None) if offset is None else tuple(None if t is None else offset + t for t in numbers),  # type: ignore[arg-type]
            clip=clip_uid,
            clip_times=times,
            verb=verb,
        )


def _narration_rows(videos: dict[str, Any]) -> Iterator[_Row]:
    """Read narration.json; give every narration a span around its moment."""
    tracks = {
        (uid, key): _dicts((video.get(key) or {}).get("narrations"))
        for uid, video in videos.items()
        if isinstance(video, dict)
        for key in _PASSES
        if isinstance(video.get(key), dict)
    }
    gaps = {key: _mean_gap(track) for key, track in tracks.items()}
    known = [gap for gap in gaps.values() if gap]
    usual = fmean(known) if known else 1.0
    for (uid, key), track in tracks.items():
        half = (gaps[uid, key] or usual) / usual / 2
        for number, narration in enumerate(track):
            moment = _finite(narration.get("timestamp_sec"))
            span = (None, None) if moment is None else (max(0.0, moment - half), moment + half)
            yield _Row(f"{uid}, {key}, {number}", narration.get("narration_text"), uid, span)


def _mean_gap(track: list[dict[str, Any]]) -> float | None:
    """Return the mean time between narrations, in seconds; None if there are fewer than two."""
    moments = sorted(t for t in (_finite(item.get("timestamp_sec")) for item in track) if t is not None)
    span = moments[-1] - moments[0] if moments else 0.0
    return span / (len(moments) - 1) if span > 0 else None


def _label(label: Any) -> str:
    """Return the first word of a taxonomy's label, such as "take" of "take_(pick,_grab,_get)"."""
    return re.sub(r"[_\s]*\(.*", "", one_line(label)).replace("_", " ").strip("[] ")


def _finite(value: Any) -> float | None:
    """Return a finite number; one that is not would spoil the means of all others."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < _FAR_S else None


def read_ego4d(annotations: Path, root: Path) -> Reading:
    """Read segments of Ego4D from one of the three files; `<video_uid>.mp4` or `<clip_uid>.mp4` lie at or below `root`.

    Actions of `fho_main.json` and `fho_lta_*.json` have a start and an end. Narrations have a moment only: each gets
    the span that EgoVLP gives it (Lin et al. 2022, arXiv 2206.01670, Sec. 3.1): the moment in its middle, and a length
    of the mean gap between narrations of its video, divided by the mean gap over all videos, in seconds. Narrations of
    others than the camera's wearer ("#O ...") and of what the narrator could not tell ("#unsure") are skipped. "#C C
    picks up a cup" becomes "pick up a cup", as instructions are written. An `InputError` if the file cannot be read or
    has another layout, or the folder is none.
    """
    reading = Reading("ego4d")
    check_folder(root)
    rows = _rows(read_json(annotations), annotations)
    videos = {path.stem: path for path in videos_below(root, depth=3)}
    for row in rows:
        _add(reading, row, videos)
    return reading


def _add(reading: Reading, row: _Row, videos: dict[str, Path]) -> None:
    text, fault = instruction(row.text)
    if row.fault or fault:
        reading.skip(row.name, row.fault or fault, row.text)
        return
    video = videos.get(row.video) or videos.get(row.clip)
    if video is None:
        reading.skip(row.name, "no video", "no " + " nor ".join(f"{uid}.mp4" for uid in (row.video, row.clip) if uid))
        return
    start, end = (_finite(time) for time in (row.times if row.video in videos else row.clip_times))
    if start is None or end is None:
        reading.skip(row.name, "bad time", f"from {row.times[0]!r} to {row.times[1]!r}")
        return
    info = {"video_uid": row.video, "narration": one_line(row.text)[:300]}
    reading.add(Segment(row.name, text, row.verb or first_word(text), video, start, end, info=info))


def instruction(narration: Any) -> tuple[str, str]:
    """Return a narration as an instruction ("#C C cuts a carrot" as "cut a carrot"), or "" and why it is none."""
    text = one_line(narration)
    if "#unsure" in text.lower():
        return "", "narrator unsure"
    bare = _WEARER.sub("", text)
    if _UNTAGGED.match(bare):
        return "", "another person acts"
    if bare != text:
        verb, _, rest = bare.partition(" ")
        bare = f"{_plain_verb(verb)} {rest}".strip()
    return bare.rstrip(" ."), ""


def _plain_verb(verb: str) -> str:
    """Return the plain form of a verb of the third person."""
    if not verb.endswith("s") or verb.endswith("ss") or verb in ("is", "was", "has", "does"):
        return verb
    if verb.endswith("ies") and verb not in ("ties", "unties", "lies", "dies"):
        return f"{verb[:-3]}y"
    if verb.endswith(("ches", "shes", "sses", "xes", "oes", "zzes")):
        return verb[:-2]
    return verb[:-1]
