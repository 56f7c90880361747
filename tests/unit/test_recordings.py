"""Audio: its real duration and its peaks, decoded piece by piece; what does not decode is refused."""

import io
import tracemalloc
import wave
from array import array

import pytest

from parley.domain.attachments.media_types import ALLOWED
from parley_media.examine import Clean, Limits, Rejected, examine
from tests import media_files

VOICE = [mime for mime in media_files.RECORDERS if mime != "audio/flac"]


def examined(body: bytes, mime: str, voice: bool = True, **limits: int) -> Clean | Rejected:
    return examine(body, name="a", declared=mime, allowed=ALLOWED, voice=voice, limits=Limits(**limits))


def code(body: bytes, mime: str, voice: bool = True, **limits: int) -> str:
    found = examined(body, mime, voice, **limits)
    assert isinstance(found, Rejected), found
    return found.code


@pytest.mark.parametrize("mime", media_files.RECORDERS)
def test_a_recording_has_its_real_duration_and_its_peaks(mime: str) -> None:
    body = media_files.recording(mime, seconds=2.0)
    found = examined(body, mime, voice=mime in VOICE)

    assert isinstance(found, Clean)
    assert (found.type, found.kind, found.body) == (mime, "audio", body)
    assert found.duration_ms is not None and abs(found.duration_ms - 2_000) <= 60  # encoders fill their last frame
    assert len(found.waveform) == 64 and max(found.waveform) == 100
    assert found.waveform[2] < found.waveform[20] < found.waveform[40] < found.waveform[60]
    assert found.thumbnail is None and found.width is None


@pytest.mark.parametrize("declared", ["audio/webm;codecs=opus", 'Audio/WEBM; codecs="opus"'])
def test_a_browsers_name_for_the_type_is_known(declared: str) -> None:
    found = examined(media_files.recording("audio/webm"), declared)

    assert isinstance(found, Clean) and found.type == "audio/webm"


def test_silence_is_flat() -> None:
    found = examined(media_files.recording("audio/wav", hertz=0.0), "audio/wav")

    assert isinstance(found, Clean) and found.waveform == (0,) * 64


def test_one_click_does_not_make_the_speech_small() -> None:
    samples = array("h", [6_000 if number // 20 % 2 else -6_000 for number in range(5 * 8_000)])
    samples[20_000:20_040] = array("h", [32_000] * 40)

    found = examined(wave_of(samples), "audio/wav")

    assert isinstance(found, Clean)
    assert max(found.waveform) == 100 and sorted(found.waveform)[32] >= 75


def test_noise_around_one_word_stays_small() -> None:
    samples = array("h", [300 if number // 20 % 2 else -300 for number in range(5 * 8_000)])
    samples[20_000:20_400] = array("h", [20_000] * 400)

    found = examined(wave_of(samples), "audio/wav")

    assert isinstance(found, Clean)
    assert max(found.waveform) == 100 and sorted(found.waveform)[32] <= 10


def wave_of(samples: "array[int]") -> bytes:
    """Returns a WAV file of mono samples, 8,000 a second."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 8_000, len(samples), "NONE", ""))
        file.writeframes(samples.tobytes())
    return out.getvalue()


def test_a_moment_has_64_peaks_too() -> None:
    found = examined(media_files.recording("audio/wav", seconds=0.05), "audio/wav")

    assert isinstance(found, Clean)
    assert (found.duration_ms, len(found.waveform)) == (50, 64)


@pytest.mark.parametrize("mime", VOICE)
def test_a_voice_message_may_last_as_long_as_the_limit(mime: str) -> None:
    body = media_files.recording(mime, seconds=2.0)

    assert isinstance(examined(body, mime, voice_max_ms=2_000), Clean)
    assert code(body, mime, voice_max_ms=1_400) == "too_long"


def test_other_audio_has_a_limit_of_its_own() -> None:
    body = media_files.recording("audio/ogg", seconds=2.0)

    assert isinstance(examined(body, "audio/ogg", voice=False, voice_max_ms=1, audio_max_ms=2_100), Clean)
    assert code(body, "audio/ogg", voice=False, audio_max_ms=1_900) == "too_long"


def test_flac_is_no_voice() -> None:
    assert code(media_files.recording("audio/flac"), "audio/flac") == "not_allowed"


@pytest.mark.parametrize("mime", VOICE)
def test_what_only_begins_as_audio_is_damaged(mime: str) -> None:
    body = media_files.recording(mime)

    assert code(body[:40] + b"\x5a" * 5_000, mime) in ("damaged", "no_audio")


def test_a_container_without_audio_is_refused() -> None:
    video = media_files.video("webm", "libvpx")

    assert code(video, "audio/webm") == "type_mismatch"
    assert code(media_files.video("mp4"), "audio/mp4") == "type_mismatch"


@pytest.mark.parametrize(("mime", "other"), [("audio/webm", "audio/ogg"), ("audio/mpeg", "audio/wav")])
def test_another_type_of_audio_is_a_lie(mime: str, other: str) -> None:
    assert code(media_files.recording(mime), other) == "type_mismatch"


def test_a_playlist_reads_nothing() -> None:
    """FFmpeg would take it for audio if it could choose the demuxer, and open what it names."""
    playlist = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n"

    assert code(b"ID3\x03\0\0\0\0\0\0" + playlist, "audio/mpeg") == "damaged"
    assert code(playlist, "audio/mpeg") == "type_mismatch"


def test_a_long_recording_is_decoded_in_little_memory() -> None:
    body = media_files.recording("audio/ogg", seconds=60.0)
    tracemalloc.start()
    try:
        found = examined(body, "audio/ogg")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert isinstance(found, Clean) and found.duration_ms == 60_000
    assert peak_bytes < 500_000 + len(body)  # its samples would be 5.8 MB
