"""Smaller numbers for the weights of exported graphs: 16-bit on disk, or 8-bit to multiply with."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from cardiolex.export.graphs import quiet
from cardiolex.portable.folder import MEASUREMENTS, MODEL, TEXT

Weights = Literal["float32", "float16", "int8"]
SCOPES = "pkg.torch.onnx.name_scopes"
"""Where a node says which module it comes from."""
OF_TOKENS = ("encoder.blocks", "network.project_tokens", ".cross_attention.kv")


def halve(folder: Path) -> None:
    """Store the matrices of all graphs in float16; ONNX Runtime reads them as float32 once.

    Its kernels for processors have no bfloat16 product, and compute float16 in float32 anyway.
    """
    for name in (MODEL, TEXT, MEASUREMENTS):
        if (folder / name).is_file():
            _halve(folder / name)


def _halve(path: Path) -> None:
    import onnx

    model = onnx.load(path)
    graph = model.graph
    matrices = _matrices(graph)
    casts = []
    for stored in graph.initializer:
        if stored.name not in matrices or stored.data_type != onnx.TensorProto.FLOAT:
            continue
        name, values = stored.name, onnx.numpy_helper.to_array(stored)
        stored.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(
            onnx.helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    _forget(graph, matrices)
    onnx.save(model, path)


def _matrices(graph: Any) -> set[str]:
    """Names of what products and tables alone use: nothing else stands rounding as well."""
    uses: dict[str, set[tuple[str, int]]] = {}
    for node in graph.node:
        for place, name in enumerate(node.input):
            uses.setdefault(name, set()).add((node.op_type, place))
    allowed = {("MatMul", 1), ("Gemm", 1), ("Gather", 0)}
    return {one.name for one in graph.initializer if uses.get(one.name, {("", 0)}) <= allowed}


def _forget(graph: Any, names: set[str]) -> None:
    """Take out the declared types of `names`, which are computed now."""
    kept = [value for value in graph.value_info if value.name not in names]
    del graph.value_info[:]
    graph.value_info.extend(kept)


def quantize(folder: Path) -> None:
    """8-bit weights where tokens are multiplied, these in 8 bits too, scaled by their own range.

    What belongs to a query stays in float32: its range would make the answer depend on which
    other conditions are asked. For the same reason such a model reads one window at a time.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    plain = folder / "float32.onnx"
    (folder / MODEL).rename(plain)
    chosen = [node.name for node in onnx.load(plain).graph.node if _is_of_tokens(node)]
    with quiet():
        quantize_dynamic(
            str(plain),
            str(folder / MODEL),
            nodes_to_quantize=chosen,
            weight_type=QuantType.QInt8,
            per_channel=True,
        )
    plain.unlink()


def _is_of_tokens(node: Any) -> bool:
    scopes = " ".join(fact.value for fact in node.metadata_props if fact.key == SCOPES)
    product = node.op_type == "MatMul" and "scaled_dot_product_attention" not in scopes
    return product and any(part in scopes for part in OF_TOKENS)
