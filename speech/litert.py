"""Rewrites the voice's two TensorFlow-only (Flex) operators to built-in ones, so that LiteRT alone runs the models.

FlexRandomUniform -> RANDOM_UNIFORM and FlexAll -> REDUCE_ALL do the same thing; only their names in the file differ.
The seeds are fixed: the same text always sounds the same, which is what lets prompts be cached by their text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

SEEDS = (12345, 54321)
BUILTIN_ABOVE_127 = 127  # schema.fbs: deprecatedBuiltinCode holds this when the real code does not fit a byte


class NotThatModel(Exception):
    """The file is not the TensorFlow Lite model it should be."""


def rewrite(path: Path) -> int:
    """Replaces the operators in the file; says how many kinds were replaced. Raises NotThatModel."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    data = path.read_bytes()
    if data[4:8] != b"TFL3":
        raise NotThatModel(f"{path.name}: not a TensorFlow Lite file")
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    replaced = _rename_codes(schema, model)
    if replaced:
        for graph in model.subgraphs:
            for operator in graph.operators:
                if operator.opcodeIndex in replaced:
                    _give_options(schema, operator, replaced[operator.opcodeIndex])
        builder = flatbuffers.Builder(len(data))
        builder.Finish(model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()))
    return len(replaced)


def _rename_codes(schema: Any, model: Any) -> dict[int, str]:
    builtin = {
        b"FlexRandomUniform": schema.BuiltinOperator.RANDOM_UNIFORM,
        b"FlexAll": schema.BuiltinOperator.REDUCE_ALL,
    }
    replaced: dict[int, str] = {}
    for index, code in enumerate(model.operatorCodes):
        if code.customCode in builtin:
            replaced[index] = code.customCode.decode()
            code.builtinCode = builtin[code.customCode]
            code.deprecatedBuiltinCode = BUILTIN_ABOVE_127
            code.customCode = None
            code.version = 1
    return replaced


def _give_options(schema: Any, operator: Any, was: str) -> None:
    operator.customOptions = None
    if was == "FlexRandomUniform":
        operator.builtinOptionsType = schema.BuiltinOptions.RandomOptions
        operator.builtinOptions = schema.RandomOptionsT()
        operator.builtinOptions.seed, operator.builtinOptions.seed2 = SEEDS
    else:
        operator.builtinOptionsType = schema.BuiltinOptions.ReducerOptions
        operator.builtinOptions = schema.ReducerOptionsT()
        operator.builtinOptions.keepDims = False
