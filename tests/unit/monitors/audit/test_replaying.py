"""Running decisions again: an honest replayer, a model that was swapped, and replayers that say nonsense."""

from __future__ import annotations

import hashlib
import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from tribune.decisions.leaf import Decision
from tribune.exceptions import ArtifactMismatchError, ConfigurationError, ReplayError
from tribune.ids import Digest, ModelId
from tribune.reports.dataset import describe_files
from tribune.settings.sections import ReplaySettings
from tribune_monitors.audit.auditing import replay
from tribune_monitors.audit.replaying import Answer, Replayers, confirms
from tribune_monitors.audit.sampling import Seed, drawn
from unit.monitors.audit.logs import MODEL, at, column, decisions, sealed, tampered

SEED = Seed(12, b"\7" * 32)
HONEST = """
import json, sys
factor = json.load(open(sys.argv[1]))["factor"]
for line in sys.stdin:
    row = json.loads(line)
    age = row["features"]["age"]
    score = min(1.0, max(0.0, age / factor))
    print(json.dumps({"id": row["id"], "prediction": "1" if score > 0.4 else "0", "score": score}))
"""
ROW = Decision("a", 1, {"age": 50.0, "sex": "1"}, "1", 0.5)


def replayers(folder: Path, code: str = HONEST, *, factor: int = 100, **bounds: Any) -> Replayers:
    artifacts = folder / "artifacts"
    artifacts.mkdir(exist_ok=True)
    (artifacts / "model.json").write_text(json.dumps({"factor": factor}))
    program = folder / "replayer.py"
    program.write_text(code)
    return Replayers(
        ReplaySettings(
            commands={MODEL: [sys.executable, "-I", str(program)]},
            artifacts=artifacts,
            **bounds,
        )
    )


def digest(folder: Path) -> Digest:
    return Digest(hashlib.sha256((folder / "artifacts" / "model.json").read_bytes()).digest())


def says(folder: Path, *lines: object) -> dict[int, Answer]:
    """Return what is understood of a replayer that writes these lines when asked about rows 3 and 5."""
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    found = replayers(folder, f"print({text!r})")
    return found.replay(MODEL, digest(folder), {3: ROW, 5: ROW._replace(id="b")})


def right(place: int, **more: object) -> dict[str, object]:
    return {"id": place, "prediction": "1", "score": 0.5, **more}


def test_replay__model_that_is_registered__nothing_differs(tmp_path: Path) -> None:
    frame = sealed(tmp_path, decisions(300))
    found = replay(frame, SEED, (answer := replayers(tmp_path), digest(tmp_path))[1], answer)
    assert (found.sampled, found.proven, found.replayed, found.mismatched) == (200, 200, 200, 0)
    assert (found.block, found.hash) == (12, SEED.hash)


def test_replay__another_model_was_served__is_caught(tmp_path: Path) -> None:
    """The operator registered a model that divides by 100 and serves one that divides by 110."""
    frame = sealed(tmp_path, decisions(300))
    swapped = replayers(tmp_path, factor=110)
    found = replay(frame, SEED, digest(tmp_path), swapped)
    assert found.mismatched == found.replayed == 200
    assert found.mismatched_at == tuple(drawn(SEED.hash, 300, 200))


def test_replay__one_answer_of_the_frame_was_another_models__counted_where_it_is_drawn(
    tmp_path: Path,
) -> None:
    sealed(tmp_path, decisions(300))
    again = replayers(tmp_path)
    in_sample = drawn(SEED.hash, 300, 200)
    missed = next(place for place in range(300) if place not in in_sample)
    frame = tampered(tmp_path, column("score", at(in_sample[7], 0.123)))
    found = replay(frame, SEED, digest(tmp_path), again)
    assert (found.mismatched_at, found.proven) == ((in_sample[7],), 199)
    sealed(tmp_path / "two", decisions(300))
    frame = tampered(tmp_path / "two", column("score", at(missed, 0.123)))
    assert replay(frame, SEED, digest(tmp_path), again).mismatched == 0


def test_replay__erased_rows__are_missing_and_not_run(tmp_path: Path) -> None:
    sealed(tmp_path, decisions(5))
    frame = tampered(tmp_path, column("salt", at(2, None)))
    found = replay(frame, SEED, (again := replayers(tmp_path), digest(tmp_path))[1], again)
    assert (found.sampled, found.proven, found.replayed, found.missing_at) == (5, 4, 4, (2,))


def test_replay__empty_frame__no_process_is_started(tmp_path: Path) -> None:
    again = replayers(tmp_path, "raise SystemExit('started')")
    assert replay(sealed(tmp_path, []), SEED, digest(tmp_path), again).sampled == 0


def test_replay__odd_values__go_there_as_they_were_logged(tmp_path: Path) -> None:
    echo = (
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    row = json.loads(line)\n"
        "    print(json.dumps({'id': row['id'], 'prediction': json.dumps(row['features']), 'score': 0}))\n"
    )
    odd = {"age": math.nan, "b": -math.inf, "c": 0.1 + 0.2, "d": -0.0, "e": 'é"\n\u2028', "f": None}
    answers = replayers(tmp_path, echo).replay(MODEL, digest(tmp_path), {0: ROW._replace(features=odd)})
    seen = json.loads(str(answers[0].prediction))
    assert (seen["age"], seen["b"]) == ("NaN", "-Infinity")
    assert seen["c"].hex() == (0.1 + 0.2).hex()
    assert math.copysign(1, seen["d"]) == -1
    assert (seen["e"], seen["f"]) == (odd["e"], None)


def test_replay__answers_in_any_order_and_a_refusal__understood(tmp_path: Path) -> None:
    found = says(tmp_path, {"id": 5, "error": "no such age"}, right(3))
    assert found == {3: Answer("1", 0.5), 5: Answer(refused=True)}


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["Loading the model …", right(3), right(5)], "no JSON: 'Loading"),
        ([right(3)], "left 1 of 2 rows out, row 5 first"),
        ([right(3), right(5), right(3)], "row 3 twice"),
        ([right(3), right(4)], "not about a row that was asked for"),
        ([right(3), {"id": "5", "prediction": "1", "score": 0.5}], "not about a row"),
        ([right(3), {"id": True, "prediction": "1"}], "not about a row"),
        ([right(3), [5, "1"]], "not about a row"),
        ([right(3), {"id": 5}], "neither an answer nor an error"),
        ([right(3), right(5, extra=1)], "neither an answer nor an error"),
        ([right(3), right(5, prediction=1)], "a number where the log has text"),
        ([right(3), right(5, prediction=["1"])], "not a number"),
        ([right(3), right(5, score="0.5")], "not a number"),
        ([right(3), right(5, score=True)], "not a number"),
        ([right(3), '{"id": 5, "prediction": "1", "score": 1' + "0" * 400 + "}"], "no computer holds"),
        ([right(3), {"id": 5, "prediction": "1"}], "without the score that was logged"),
        ([right(3), "[" * 3000], "no JSON"),
    ],
)
def test_replay__output_that_no_replayer_writes__is_could_not_look(
    lines: list[object], why: str, tmp_path: Path
) -> None:
    with pytest.raises(ReplayError) as fault:
        says(tmp_path, *lines)
    assert why in str(fault.value)


def test_replay__bytes_that_are_no_text__are_could_not_look(tmp_path: Path) -> None:
    again = replayers(tmp_path, r"import sys; sys.stdout.buffer.write(b'\xff\xfe{}')")
    with pytest.raises(ReplayError, match="no JSON"):
        again.replay(MODEL, digest(tmp_path), {3: ROW})


def test_replay__never_ends__is_could_not_look(tmp_path: Path) -> None:
    again = replayers(tmp_path, "import time; time.sleep(600)", timeout_s=0.5)
    with pytest.raises(ReplayError, match="longer than"):
        again.replay(MODEL, digest(tmp_path), {3: ROW})


def test_replay__more_than_its_rows_can_need__is_could_not_look(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="wrote more than"):
        replayers(tmp_path, "print('x' * 10**6)").replay(MODEL, digest(tmp_path), {3: ROW})


def test_command__model_without_one__says_how_to_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"monitor\.replay\.commands\.9"):
        replayers(tmp_path).command(ModelId(9))


def test_artifact__another_than_the_registered__is_never_opened(tmp_path: Path) -> None:
    again = replayers(tmp_path, "raise SystemExit('opened')")
    with pytest.raises(ArtifactMismatchError, match="None of the 1 entries"):
        again.replay(MODEL, Digest(b"\1" * 32), {3: ROW})


def test_artifact__changed_after_it_was_found__is_not_believed_again(tmp_path: Path) -> None:
    again = replayers(tmp_path)
    registered = digest(tmp_path)
    assert again.artifact(registered).name == "model.json"
    (tmp_path / "artifacts" / "model.json").write_text("{}")
    with pytest.raises(ArtifactMismatchError):
        again.artifact(registered)


def test_artifact__no_folder__says_which_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"monitor\.replay\.artifacts"):
        Replayers(ReplaySettings(artifacts=tmp_path / "none")).artifact(Digest(b"\1" * 32))


def test_artifact__a_folder__is_known_by_the_word_of_tribune_manifest(tmp_path: Path) -> None:
    again = replayers(tmp_path)
    for name, text in (("empty", ""), ("model", "weights")):
        (tmp_path / "artifacts" / name).mkdir()
        if text:
            (tmp_path / "artifacts" / name / "a.safetensors").write_text(text)
    folder = tmp_path / "artifacts" / "model"
    assert again.artifact(describe_files(folder).digest) == folder


@pytest.mark.parametrize(
    ("answer", "row", "same"),
    [
        (Answer("1", 0.5), ROW, True),
        (Answer("0", 0.5), ROW, False),
        (Answer("1", 0.50001), ROW, True),
        (Answer("1", 0.500011), ROW, False),
        (Answer("1", None), ROW, False),
        (Answer(refused=True), ROW, False),
        (Answer("1", None), ROW._replace(score=None), True),
        (Answer("1", 0.9), ROW._replace(score=None), True),
        (Answer("1", math.nan), ROW._replace(score=math.nan), True),
        (Answer("1", math.inf), ROW._replace(score=math.inf), True),
        (Answer("1", math.inf), ROW, False),
        (Answer("1", 0.5), ROW._replace(score=math.nan), False),
        (Answer(200_001.0, 0.5), ROW._replace(prediction=200_000.0), True),
        (Answer(200_003.0, 0.5), ROW._replace(prediction=200_000.0), False),
        (Answer(None, 0.5), ROW._replace(prediction=None), True),
        (Answer(None, 0.5), ROW, False),
    ],
)
def test_confirms__an_answer__by_text_and_tolerance(answer: Answer, row: Decision, same: bool) -> None:
    assert confirms(answer, row) is same
