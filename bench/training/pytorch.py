"""Contender: PyTorch on the CPU. Arguments: SHAPE_JSON MODE, MODE one of eager-f32, compile-f32, eager-bf16,
compile-bf16. The same decoder (q/k norms, rotary, SwiGLU), scaled_dot_product_attention, fused AdamW,
gradient clipping. JSON lines: one at the start with the version, then one for each request on stdin."""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F

shape, mode = json.loads(sys.argv[1]), sys.argv[2]
c, optimizer = shape["config"], shape["optimizer"]
batch, length, vocab = shape["batch"], shape["sequenceLength"], c["vocabSize"]
width, ffn, heads, size = c["hiddenSize"], c["intermediateSize"], c["numAttentionHeads"], c["headDim"]
torch.manual_seed(1)
torch.set_num_threads(shape["threads"])


class Norm(torch.nn.Module):
    def __init__(self, n):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(n))

    def forward(self, x):
        # In the dtype of x: otherwise autocast would keep PyTorch from its fused kernel.
        return F.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), c["rmsNormEps"])


def linear(n_in, n_out):
    layer = torch.nn.Linear(n_in, n_out, bias=False)
    torch.nn.init.normal_(layer.weight, std=n_in**-0.5)
    return layer


frequency = c["ropeTheta"] ** (-torch.arange(0, size, 2).double() / size)
angle = torch.arange(length).double()[:, None] * frequency[None]
cos, sin = torch.cat([angle.cos()] * 2, -1).float(), torch.cat([angle.sin()] * 2, -1).float()


def rotate(x):
    a, b = x.chunk(2, -1)
    return x * cos.to(x.dtype) + torch.cat([-b, a], -1) * sin.to(x.dtype)


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2, self.q_norm, self.k_norm = Norm(width), Norm(width), Norm(size), Norm(size)
        self.q, self.k, self.v, self.o = [linear(width, width) for _ in range(4)]
        self.gate, self.up, self.down = linear(width, ffn), linear(width, ffn), linear(ffn, width)

    def forward(self, x):
        h = self.norm1(x)
        q, k, v = [f(h).view(batch, length, heads, size) for f in (self.q, self.k, self.v)]
        q, k, v = [y.transpose(1, 2) for y in (self.q_norm(q), self.k_norm(k), v)]
        o = F.scaled_dot_product_attention(rotate(q), rotate(k), v, is_causal=True)
        x = x + self.o(o.transpose(1, 2).reshape(batch, length, width))
        h = self.norm2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Decoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocab, width)
        self.layers = torch.nn.ModuleList(Layer() for _ in range(c["numLayers"]))
        self.norm, self.head = Norm(width), linear(width, vocab)

    def forward(self, ids, targets):
        x = self.embedding(ids)
        for layer in self.layers:
            x = layer(x)
        logits = self.head(self.norm(x))
        return F.cross_entropy(logits.view(-1, vocab).float(), targets.view(-1))


model = Decoder()
matrices = [p for p in model.parameters() if p.dim() == 2]
gains = [p for p in model.parameters() if p.dim() == 1]
adamw = torch.optim.AdamW(
    [dict(params=matrices, weight_decay=optimizer["weightDecay"]), dict(params=gains, weight_decay=0.0)],
    lr=optimizer["learningRate"], betas=(optimizer["beta1"], optimizer["beta2"]), eps=optimizer["epsilon"],
    fused=True,
)
forward = torch.compile(model) if mode.startswith("compile") else model
autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=mode.endswith("bf16"))


def step(ids, targets):
    adamw.zero_grad(set_to_none=True)
    with autocast:
        loss = forward(ids, targets)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), shape["clipNorm"])
    adamw.step()
    return loss.item()


with open(shape["corpus"], "rb") as file:
    text = torch.frombuffer(bytearray(file.read()), dtype=torch.uint8).long()
start_at = 0


def next_batch():
    """The same ids in the same order as `batchesOf` in shapes.ts."""
    global start_at
    tokens = batch * length
    if start_at + tokens + 2 > len(text):
        start_at = 0
    window = text[start_at : start_at + tokens + 2]
    ids = (window[:-1] * 257 + window[1:]) % vocab
    start_at += tokens
    return ids[:-1].view(batch, length), ids[1:].view(batch, length)


print(json.dumps(dict(version=f"PyTorch {torch.__version__}")), flush=True)
for line in sys.stdin:
    steps = json.loads(line)["steps"]
    batches = [next_batch() for _ in range(steps)]
    start = time.perf_counter()
    for ids, targets in batches:
        loss = step(ids, targets)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(dict(seconds=seconds, loss=loss, peakBytes=peak)), flush=True)
