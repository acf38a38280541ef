"""What PyPI's gguf (llama.cpp's own package) and safetensors make of our files, and files of theirs for us.

    python referee.py FOLDER     reads FOLDER/model.safetensors and FOLDER/model-*.gguf, writes
                                 FOLDER/theirs.gguf, FOLDER/theirs.safetensors; prints JSON
"""

import json
import pathlib
import sys

import numpy
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter
from gguf.quants import quantize
from safetensors.numpy import load_file, save_file

folder = pathlib.Path(sys.argv[1])
weights = load_file(folder / "model.safetensors")
NAMES = {
    "token_embd.weight": "model.embed_tokens.weight",
    "blk.0.attn_q.weight": "model.layers.0.self_attn.q_proj.weight",
    "blk.1.ffn_down.weight": "model.layers.1.mlp.down_proj.weight",
    "output_norm.weight": "model.norm.weight",
}
report = {"names": sorted(weights), "gguf": {}}
for path in sorted(folder.glob("model-*.gguf")):
    reader = GGUFReader(path)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    fields = {name: field.contents() for name, field in reader.fields.items()}
    report["gguf"][path.name] = {
        "tensors": len(tensors),
        "fileType": fields["general.file_type"],
        "tokens": len(fields["tokenizer.ggml.tokens"]),
        "template": fields["tokenizer.chat_template"],
        "epsilon": fields["qwen3.attention.layer_norm_rms_epsilon"],
        "sameBytes": {
            theirs: tensors[theirs].data.tobytes()
            == quantize(weights[ours], GGMLQuantizationType(tensors[theirs].tensor_type)).tobytes()
            for theirs, ours in NAMES.items()
        },
    }

writer = GGUFWriter(folder / "theirs.gguf", "llama")
writer.add_uint8("test.uint8", 255)
writer.add_int8("test.int8", -128)
writer.add_uint16("test.uint16", 65535)
writer.add_int16("test.int16", -32768)
writer.add_uint32("test.uint32", 2**32 - 1)
writer.add_int32("test.int32", -(2**31))
writer.add_uint64("test.uint64", 2**64 - 1)
writer.add_int64("test.int64", -(2**40))
writer.add_float32("test.float32", 0.5)
writer.add_float64("test.float64", 0.1)
writer.add_bool("test.bool", True)
writer.add_string("test.string", "Grüße 👋")
writer.add_array("test.strings", ["a", "", "ü"])
writer.add_array("test.integers", [1, -2, 3])
writer.add_array("test.floats", [0.5, 1.5])
matrix = numpy.linspace(-3, 3, 64 * 3, dtype=numpy.float32).reshape(3, 64)
writer.add_tensor("plain", matrix)
writer.add_tensor("half", matrix.astype(numpy.float16))
writer.add_tensor("eight", quantize(matrix, GGMLQuantizationType.Q8_0), raw_dtype=GGMLQuantizationType.Q8_0)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
save_file({"plain": matrix, "half": matrix.astype(numpy.float16)}, folder / "theirs.safetensors")
print(json.dumps(report))
