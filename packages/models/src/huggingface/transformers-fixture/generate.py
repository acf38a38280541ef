"""Asks transformers what it makes of our folders, and writes fixture.json beside this file.

Needs PyTorch and transformers 5, which the tests do not install; run by hand when the layout changes:
    python generate.py        (with `node` 24 on the PATH)
"""

import hashlib
import json
import pathlib
import subprocess
import tempfile

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = pathlib.Path(__file__).parent
TEXT = "in the thing, Grüße 世界 👋\r\n\t1234 don't<|im_end|>\n"
MESSAGES = [{"role": "user", "content": "the one"}]
IDS = [(i * 97 + 31 + (i * i) % 53) % 267 for i in range(60)]
PREFIXES = [1, 2, 17, 60]


def describe(folder: pathlib.Path) -> dict:
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, output_loading_info=True, attn_implementation="eager", dtype=torch.float32
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        logits = model(torch.tensor([IDS])).logits[0]
        greedy = model.generate(torch.tensor([IDS[:8]]), max_new_tokens=12, do_sample=False)[0][8:]
    scores = torch.log_softmax(logits, dim=-1)
    return {
        "class": type(model).__name__,
        "missingKeys": sorted(info["missing_keys"]),
        "unexpectedKeys": sorted(info["unexpected_keys"]),
        "mismatchedKeys": sorted(map(str, info["mismatched_keys"])),
        "files": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())
        },
        "logProbabilities": [round(float(scores[i, IDS[i + 1]]), 6) for i in range(len(IDS) - 1)],
        "logits": {str(n): [round(float(x), 5) for x in logits[n - 1]] for n in PREFIXES},
        "greedy": greedy.tolist(),
        "stopIds": model.generation_config.eos_token_id,
        "textIds": tokenizer(TEXT)["input_ids"],
        "renderedChat": tokenizer.apply_chat_template(MESSAGES, tokenize=False, add_generation_prompt=True),
    }


with tempfile.TemporaryDirectory() as name:
    subprocess.run(["node", str(HERE / "models.ts"), name], check=True)
    models = {path.name: describe(path) for path in sorted(pathlib.Path(name).iterdir())}

fixture = {
    "generator": f"transformers {transformers.__version__}, torch {torch.__version__}",
    "text": TEXT,
    "messages": MESSAGES,
    "ids": IDS,
    "models": models,
}
(HERE / "fixture.json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
print(fixture["generator"], {name: (m["class"], m["missingKeys"], m["unexpectedKeys"], m["textIds"]) for name, m in models.items()})
