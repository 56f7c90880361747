"""Audio: its real duration and its peaks, decoded piece by piece; what does not decode is refused."""

import io
import struct
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


# --- files that lie about their time, or are made to take a scanner's time (D-515) -----------------------------------


@pytest.mark.parametrize(
    "body",
    [media_files.wav(rate=1), media_files.wav(rate=3_999), media_files.wav(rate=400_000), media_files.wav(channels=9)],
    ids=["1 Hz", "3,999 Hz", "400 kHz", "9 channels"],
)
def test_a_recording_as_no_recorder_makes_it_is_damaged(body: bytes) -> None:
    assert code(body, "audio/wav") == "damaged"


@pytest.mark.parametrize(("rate", "channels"), [(4_000, 1), (8_000, 2), (192_000, 8)])
def test_rates_and_channels_of_recorders_are_read(rate: int, channels: int) -> None:
    assert isinstance(examined(media_files.wav(rate, channels, samples=rate), "audio/wav"), Clean)


def test_a_few_bytes_do_not_last_for_hours() -> None:
    body = media_files.recording("audio/flac", seconds=62.0, hertz=0.0)

    assert isinstance(examined(body, "audio/flac", voice=False), Clean)
    assert code(body, "audio/flac", voice=False, min_audio_bytes_per_s=len(body)) == "decompression_bomb"


def test_all_channels_take_time() -> None:
    body = media_files.wav(48_000, 8, samples=48_000 * 2)

    assert code(body, "audio/wav", voice_max_ms=5_000, audio_max_ms=7_000) == "too_complex"


@pytest.mark.parametrize(
    ("mime", "recorder"), [("audio/mp4", ("mp4", "aac", 8_000)), ("audio/webm", ("webm", "libopus", 48_000))]
)
def test_a_recording_has_one_track(mime: str, recorder: tuple[str, str, int]) -> None:
    """Players may choose another track than the one that was measured."""
    assert code(media_files.tracks(*recorder, 0.5, 3.0), mime) == "damaged"


def test_a_gap_lasts_as_long_as_a_player_shows() -> None:
    webm = media_files.recording("audio/webm", seconds=2.0)

    found = examined(media_files.with_gap(webm, 240_000), "audio/webm")
    assert isinstance(found, Clean) and found.duration_ms is not None
    assert abs(found.duration_ms - 242_000) < 100
    assert code(media_files.with_gap(webm, 36_000_000), "audio/webm", voice=False) == "too_long"


def test_a_small_gap_is_none() -> None:
    found = examined(media_files.with_gap(media_files.recording("audio/webm"), 700), "audio/webm")

    assert isinstance(found, Clean) and found.duration_ms is not None and found.duration_ms <= 2_060


def test_the_duration_is_at_least_what_the_container_claims() -> None:
    body = media_files.recording("audio/webm", seconds=2.0)
    place = body.index(b"\x44\x89\x88") + 3  # the element Duration, a number of 8 bytes (RFC 9559, 5.1.2.10)
    claimed = body[:place] + struct.pack(">d", 200_000.0) + body[place + 8 :]

    found = examined(claimed, "audio/webm")
    assert isinstance(found, Clean) and found.duration_ms == 200_000
    assert code(claimed, "audio/webm", voice_max_ms=100_000) == "too_long"


@pytest.mark.parametrize("rate", [8_000, 11_025, 12_000, 22_050, 44_100])
def test_an_mp3_of_any_rate_is_one(rate: int) -> None:
    assert isinstance(examined(media_files.mp3_frames(rate), "audio/mpeg"), Clean)


@pytest.mark.parametrize("mime", ["audio/mpeg", "audio/wav"])
def test_a_recording_that_is_a_zip_as_well_is_refused(mime: str) -> None:
    body = media_files.recording(mime) + media_files.zipped({"META-INF/MANIFEST.MF": b"Main-Class: X"})

    assert code(body, mime) == "polyglot"
