"""Live utterances through a short window: heard as well as by the whole one, for a part of its price, and biased by what is expected."""

from __future__ import annotations

import time

import numpy as np

from speech import audio
from speech.aftercare import simplified
from speech.audio import Sound
from speech.choosing import UNCERTAIN
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
        hear(said(voice, "你好。"))  # another one: what the encoder made of a sound is kept
        began = time.process_time()
        heard = hear(sound)
        spent.append(time.process_time() - began)
        assert heard.raw.replace("訴", "诉").startswith("我要投诉")
        assert heard.score > -0.7
    assert spent[1] < 0.6 * spent[0]


def test_what_is_expected_is_heard(engine: WhisperEngine, voice: Voice) -> None:
    assert engine.brief(said(voice, "提建议。"), WORDS).raw.startswith("提建议")
    assert not any(word in engine.brief(said(voice, "今天天气真好。"), WORDS).raw for word in WORDS)


def test_a_short_word_that_is_none_of_them_is_asked_about_only_where_it_fits_far_better(engine: WhisperEngine, voice: Voice) -> None:
    words = ("投诉", "我要投诉", "咨询", "求助", "举报", "建议", "人工", "转人工")
    heard = engine.brief(said(voice, "人工。"), words, guess=True)
    assert "人工" in simplified(heard.raw)
    assert heard.score < UNCERTAIN[engine.score_kind] or "人工" in simplified(engine.brief(said(voice, "人工。"), words).raw)
    assert not any(word in simplified(engine.brief(said(voice, "妈妈。"), words, guess=True).raw) for word in words)


def test_a_long_one_is_taken_whole_and_noise_says_little(engine: WhisperEngine, voice: Voice) -> None:
    sentence = "我家楼上每天晚上十点以后还在装修，噪音特别大，老人和孩子都没有办法睡觉，已经影响我们休息了，请你们帮忙处理一下。"
    heard = engine.brief(said(voice, sentence)).raw
    assert len(heard) >= 40 and ("处理" in heard or "處理" in heard)
    noise = Sound(np.random.default_rng(1).normal(0, 0.05, 8000).astype(np.float32), 8000)
    assert len(engine.brief(noise).raw) <= 24
