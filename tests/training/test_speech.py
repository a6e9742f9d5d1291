"""Log-mel frames of made-up sounds."""

from __future__ import annotations

import io
import tarfile
import wave
from pathlib import Path

import numpy as np
import pytest

from accel.base.faults import Refused
from training.tasks import speech


def tone(hertz: float, seconds: float = 0.25) -> np.ndarray:
    time = np.arange(int(seconds * speech.RATE)) / speech.RATE
    return (12000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def wav(samples: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(speech.RATE)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def test_a_tone_is_loudest_in_the_band_around_it() -> None:
    bands = speech.mel_bands()
    frequency = np.arange(bands.shape[1]) * speech.RATE / speech.WINDOW
    for hertz in (300.0, 1000.0, 3000.0):
        loudest = int(speech.log_mel(tone(hertz)).mean(axis=0).argmax())
        inside = frequency[bands[loudest] > 0]
        assert inside.min() <= hertz <= inside.max()


def test_frames_start_every_16_ms_and_a_short_recording_has_one() -> None:
    assert speech.log_mel(tone(440.0)).shape == (1 + (2000 - speech.WINDOW) // speech.HOP, speech.BANDS)
    assert speech.log_mel(tone(440.0, 0.01)).shape == (1, speech.BANDS)


def test_silence_has_the_floor_in_every_band() -> None:
    np.testing.assert_allclose(speech.log_mel(np.zeros(512, dtype=np.int16)), np.log10(speech.QUIET))


def test_wav_samples_come_back() -> None:
    np.testing.assert_array_equal(speech.samples(wav(tone(440.0))), tone(440.0))


def test_an_archive_with_other_recordings_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, contents = tmp_path / "digits.tar.gz", wav(tone(440.0))
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("digits/recordings/3_jo_0.wav")
        member.size = len(contents)
        archive.addfile(member, io.BytesIO(contents))
    monkeypatch.setattr(speech, "find", lambda source: path)
    with pytest.raises(Refused, match="wanted the 3000 recordings"):
        speech.recordings()


def test_a_long_recording_is_cut_and_a_short_one_padded() -> None:
    found = speech.padded([np.ones((80, speech.BANDS)), np.ones((3, speech.BANDS))], [4, 7])
    assert found.lengths.tolist() == [64, 3]
    assert found.x[1].sum() == 3 * speech.BANDS
