"""Models small enough to be written here, for the engine whose real ones no package index carries.

They hear whether a tone is high or low, and say 高 or 低: garbage as speech, but through every part of sherpa-onnx
(features, metadata, decoding, endpoints) exactly as a real model's folder goes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

MELS, STACKED = 80, 7
Array = NDArray[np.float32]


def sense_voice(folder: Path) -> Path:
    """CTC over frames stacked by seven; four marks (language, mood, event, figures) come before the words."""
    tokens = ["<blk>", "高", "低", "<|zh|>", "<|NEUTRAL|>", "<|Speech|>", "<|woitn|>"]
    marks = np.eye(len(tokens), dtype=np.float32)[None, 3:] * 9
    bias = np.array([-4, 0, 0, -99, -99, -99, -99], np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["a"]),
        helper.make_node("Add", ["a", "B"], ["b"]),
        helper.make_node("Concat", ["marks", "b"], ["logits"], axis=1),
    ]
    inputs = [_floats("x", 1, "T", MELS * STACKED), *(_integers(name, "N") for name in ("x_length", "language", "text_norm"))]
    about = _stacked("sense_voice_ctc", tokens) | {
        "normalize_samples": 0, "with_itn": 14, "without_itn": 15,
        **{f"lang_{name}": place for place, name in enumerate(("auto", "zh", "en", "yue", "ja", "ko"))},
    }  # fmt: skip
    weights = {"W": _weights(len(tokens), 1, STACKED), "B": bias, "marks": marks}
    _write(folder / "model.int8.onnx", nodes, inputs, [_floats("logits", 1, "T2", len(tokens))], weights, about)
    return _with_tokens(folder, tokens)


def paraformer(folder: Path) -> Path:
    """A word for each frame, 静 where nothing is heard."""
    tokens = ["<blank>", "<s>", "</s>", "静", "高", "低"]
    nodes = [
        helper.make_node("MatMul", ["speech", "W"], ["a"]),
        helper.make_node("Add", ["a", "B"], ["logits"]),
        helper.make_node("Cast", ["speech_lengths"], ["token_num"], to=TensorProto.INT32),
    ]
    inputs = [_floats("speech", "N", "T", MELS * STACKED), _integers("speech_lengths", "N")]
    outputs = [_floats("logits", "N", "T", len(tokens)), _integers("token_num", "N")]
    weights = {"W": _weights(len(tokens), 4, STACKED), "B": np.array([-99, -99, -99, -4, 0, 0], np.float32)}
    _write(folder / "model.onnx", nodes, inputs, outputs, weights, _stacked("paraformer", tokens))
    return _with_tokens(folder, tokens)


def transducer(folder: Path) -> Path:
    """Streaming; a tone is said once, because its decoder forbids the word that was said last."""
    tokens = ["<blk>", "高", "低"]
    contrast = np.zeros((MELS, 3), np.float32)
    contrast[MELS // 2 :, 1], contrast[: MELS // 2, 1] = 1 / 10, -1 / 10
    contrast[:, 2] = -contrast[:, 1]
    nodes = [
        helper.make_node("Unsqueeze", ["x", "axis"], ["four"]),
        helper.make_node("AveragePool", ["four"], ["pooled"], kernel_shape=[4, 1], strides=[4, 1]),
        helper.make_node("Squeeze", ["pooled", "axis"], ["frames"]),
        helper.make_node("MatMul", ["frames", "W"], ["a"]),
        helper.make_node("Add", ["a", "B"], ["encoder_out"]),
        *(helper.make_node("Identity", [f"state{n}"], [f"next_state{n}"]) for n in (0, 1)),
    ]
    inputs = [_floats("x", "N", 8, MELS), *(_floats(f"state{n}", 1, "N", 1) for n in (0, 1))]
    outputs = [_floats("encoder_out", "N", 2, 3), *(_floats(f"next_state{n}", 1, "N", 1) for n in (0, 1))]
    about = {"model_type": "lstm", "version": 1, "num_encoder_layers": 1, "T": 8, "decode_chunk_len": 8, "rnn_hidden_size": 1, "d_model": 1}
    weights = {"W": contrast, "B": np.array([8, 0, 0], np.float32), "axis": np.array([1], np.int64)}
    _write(folder / "encoder-toy.onnx", nodes, inputs, outputs, weights, about)
    nodes = [helper.make_node("Gather", ["E", "y"], ["g"]), helper.make_node("ReduceMin", ["g"], ["decoder_out"], axes=[1], keepdims=0)]
    forbids = {"E": np.diag([0, -99, -99]).astype(np.float32)}
    y = helper.make_tensor_value_info("y", TensorProto.INT64, ["N", 1])
    _write(folder / "decoder-toy.onnx", nodes, [y], [_floats("decoder_out", "N", 3)], forbids, {"context_size": 1, "vocab_size": 3})
    both = [_floats(name, "N", 3) for name in ("encoder_out", "decoder_out")]
    nodes = [helper.make_node("Add", ["encoder_out", "decoder_out"], ["logit"])]
    _write(folder / "joiner-toy.onnx", nodes, both, [_floats("logit", "N", 3)], {}, {"joiner_dim": 3})
    return _with_tokens(folder, tokens)


def _weights(tokens: int, high: int, stacked: int) -> Array:
    """The mean of the upper, and of the lower half of the spectrum."""
    one = np.zeros((MELS, tokens), np.float32)
    one[MELS // 2 :, high], one[: MELS // 2, high + 1] = 2 / MELS, 2 / MELS
    return np.tile(one, (stacked, 1)) / stacked


def _stacked(kind: str, tokens: list[str]) -> dict[str, object]:
    return {
        "model_type": kind, "version": 1, "vocab_size": len(tokens), "lfr_window_size": STACKED, "lfr_window_shift": 6,
        "neg_mean": ",".join(["-8"] * MELS * STACKED), "inv_stddev": ",".join(["1"] * MELS * STACKED),
    }  # fmt: skip


def _floats(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def _integers(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT32, list(shape))


def _write(
    path: Path, nodes: list[onnx.NodeProto], inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto],
    weights: dict[str, NDArray[np.generic]], about: dict[str, object],
) -> None:  # fmt: skip
    graph = helper.make_graph(nodes, "toy", inputs, outputs, [numpy_helper.from_array(array, name) for name, array in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {name: str(value) for name, value in about.items()})
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))


def _with_tokens(folder: Path, tokens: list[str]) -> Path:
    (folder / "tokens.txt").write_text("".join(f"{token} {place}\n" for place, token in enumerate(tokens)), encoding="utf-8")
    return folder
