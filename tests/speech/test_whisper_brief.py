"""Live utterances through a short window: heard as well as by the whole one, for a part of its price, and biased by what is expected."""

from __future__ import annotations

import time

import numpy as np

from speech import audio
from speech.audio import Sound
from speech.recogniser import HearsBriefly
from speech.voice import Voice
from speech.whisper_engine import WhisperEngine
from tests.speech.conftest import joined, silence

WORDS = ("投诉", "我要投诉", "咨询", "提建议", "转人工")


def said(voice: Voice, text: str) -> Sound:
    return joined(silence(0.5), audio.resampled(voice.speak(text), 8000), silence(0.7))


def test_a_phrase_is_heard_for_a_part_of_the_price(engine: WhisperEngine, voice: Voice) -> None:
    assert isinstance(engine, HearsBriefly)
    sound, spent = said(voice, "我要投诉。"), []
    for hear in (engine.hear, engine.brief):
        hear(sound)
        began = time.process_time()
        heard = hear(sound)
        spent.append(time.process_time() - began)
        assert heard.raw.replace("訴", "诉").startswith("我要投诉")
        assert heard.score > -0.7
    assert spent[1] < 0.6 * spent[0]


def test_what_is_expected_is_heard(engine: WhisperEngine, voice: Voice) -> None:
    assert engine.brief(said(voice, "提建议。"), WORDS).raw.startswith("提建议")
    assert not any(word in engine.brief(said(voice, "今天天气真好。"), WORDS).raw for word in WORDS)


def test_a_long_one_is_taken_whole_and_noise_says_little(engine: WhisperEngine, voice: Voice) -> None:
    sentence = "我家楼上每天晚上十点以后还在装修，噪音特别大，老人和孩子都没有办法睡觉，已经影响我们休息了，请你们帮忙处理一下。"
    heard = engine.brief(said(voice, sentence)).raw
    assert len(heard) >= 40 and ("处理" in heard or "處理" in heard)
    noise = Sound(np.random.default_rng(1).normal(0, 0.05, 8000).astype(np.float32), 8000)
    assert len(engine.brief(noise).raw) <= 24
