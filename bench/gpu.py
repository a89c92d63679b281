#!/usr/bin/env python3
"""Time PyTorch on a GPU at what Harmonium's --device cuda does: the figures to compare with.

usage: bench/gpu.py [gibbs] [pcd] [ais] [logz] [bounds] [--seconds BUDGET] [--json FILE] [--data BITS.npy]
       bench/gpu.py --smoke    every algorithm in tiny shapes by eager kernels, on the CPU too (--device cpu)
       bench/gpu.py --check    every algorithm against enumeration of a small model

gibbs   block Gibbs sweeps (v → h → v) of dense binary RBMs; chain sweeps a second
pcd     an epoch of PCD-1, 784×500, 60,000 rows, as many chains as rows in a batch, P(h|v) in both phases; seconds.
        The rows are random bits of MNIST's density unless --data gives a matrix of 0 and 1.
ais     annealed importance sampling, 784×500, 5,000 chains; seconds for 10,000 steps, from fewer
logz    log Z of 784×30 by enumeration of the hidden states; seconds, from a part of the states
bounds  what the device can do: int8 and bfloat16 products of 8,192³, a copy

Every figure is the median of 5 repetitions of about 0.06 s, by CUDA events, after warm-up. A variant is a precision
(float32, TF32 products, bfloat16 products with float32 master weights) and a way to launch: eager; graph (a CUDA graph
of many steps); compile (torch.compile, captured into such a graph). The fastest is PyTorch's figure. Variants run in
order of promise and stop at the budget: compilation takes 10 to 30 s each. A variant that fails prints its error.
"""

import argparse
import gc
import itertools
import json
import math
import statistics
import time

import torch
import torch.nn.functional as F

DTYPE = {"float32": torch.float32, "tf32": torch.float32, "bfloat16": torch.bfloat16, "float64": torch.float64}


def seconds(f, device, target=0.06, repetitions=5):
    """The median of the seconds a call takes, in repetitions of about target seconds."""
    def once(count):
        if device != "cuda":
            start = time.perf_counter()
            for _ in range(count):
                f()
            return (time.perf_counter() - start) / count
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        for _ in range(count):
            f()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) * 1e-3 / count

    for _ in range(2):
        f()
    count = max(1, round(target / once(1)))
    return statistics.median(once(count) for _ in range(repetitions))


def graphed(f):
    """f as one CUDA graph. No graph of before may be taken down while it is captured."""
    gc.collect()
    torch.cuda.synchronize()
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(2):
            f()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        f()
    def replay():
        graph.replay()
    replay.captured = f  # whose tensors the graph uses
    return replay


def draw(logits, launch):
    """Bits of probability σ(logits): one fused kernel where compiled, else torch.bernoulli, which is faster than rand < p."""
    if launch == "compile":
        p = torch.sigmoid(logits.float())
        return (torch.rand_like(p) < p).to(logits.dtype)
    return torch.bernoulli(torch.sigmoid(logits))


def compiled(f, launch):
    return torch.compile(f, dynamic=False) if launch == "compile" else f


def parameters(visible, hidden, dtype, device, scale=0.1):
    """W, b (visible) and c (hidden)."""
    W = torch.randn(visible, hidden, device=device) * scale
    b, c = torch.randn(visible, device=device) * scale, torch.randn(hidden, device=device) * scale
    return W.to(dtype), b.to(dtype), c.to(dtype)


def gibbs(W, b, c, chains, launch, steps):
    """steps sweeps of all chains a call; the visible state."""
    state = torch.bernoulli(torch.full((chains, W.shape[0]), 0.5, device=W.device)).to(W.dtype)
    Wt = W.t().contiguous()
    def sweep(v):
        return draw(torch.addmm(b, draw(torch.addmm(c, v, W), launch), Wt), launch)
    sweep = compiled(sweep, launch)
    def call():
        v = state
        for _ in range(steps):
            v = sweep(v)
        state.copy_(v)
    return call, state


def pcd(data, hidden, batch, optimizer, rate, dtype, launch):
    """An epoch of PCD-1 in two parts: the shuffle, and all updates of an epoch; the float32 parameters.

    Rows and chains stand one below the other, so that one product serves the positive phase and the chains' first half
    step, and one the gradient ⟨v h⟩_data − ⟨v h⟩_model.
    """
    device, visible = data.device, data.shape[1]
    W, b, c = parameters(visible, hidden, torch.float32, device, 0.01)
    b.zero_(), c.zero_()
    master = (W, b, c)
    low = master if dtype == torch.float32 else tuple(p.to(dtype) for p in master)
    source = data.to(dtype)
    rows = source.clone()
    chains = rows[:batch].clone()
    ones = torch.ones(2 * batch, 1, device=device)
    ones[batch:] = -1
    sign = ones.to(dtype)
    gradient = tuple(torch.zeros_like(p) for p in master)
    mean, square = (tuple(torch.zeros_like(p) for p in master) for _ in range(2))
    count = torch.zeros((), device=device)
    fused = None
    if optimizer == "adam" and launch != "compile":
        for p, g in zip(master, gradient):
            p.grad = g
        fused = torch.optim.Adam(master, lr=rate, fused=True, capturable=device.type == "cuda")
    def update(x):
        w, vb, hb = low
        both = torch.addmm(hb, torch.cat((x, chains)), w)
        v = draw(torch.addmm(vb, draw(both[batch:], launch), w.t()), launch)
        chains.copy_(v)
        h = torch.sigmoid(torch.cat((both[:batch], torch.addmm(hb, v, w)))) * sign
        states = torch.cat((x, v))
        if optimizer == "sgd" and low is master:
            W.addmm_(states.t(), h, alpha=rate / batch)
            b.add_((states * sign).sum(0), alpha=rate / batch)
            c.add_(h.sum(0), alpha=rate / batch)
            return
        ascent = (states.t() @ h, (states * sign).sum(0, dtype=torch.float32), h.sum(0, dtype=torch.float32))
        if optimizer == "sgd":
            for p, g in zip(master, ascent):
                p.add_(g, alpha=rate / batch)
        elif fused:
            for p, g in zip(gradient, ascent):
                torch.mul(g, -1 / batch, out=p) if g.dtype == p.dtype else p.copy_(g).mul_(-1 / batch)
            fused.step()
        else:
            count.add_(1)
            bias1, bias2 = 1 - 0.9**count, 1 - 0.999**count
            for p, g, m, s in zip(master, ascent, mean, square):
                g = g.float() / batch
                m.mul_(0.9).add_(g, alpha=0.1)
                s.mul_(0.999).add_(g * g, alpha=0.001)
                p.add_(rate * (m / bias1) / ((s / bias2).sqrt() + 1e-8))
        if low is not master:
            for l, p in zip(low, master):
                l.copy_(p)
    update = compiled(update, launch)
    def shuffle():
        torch.index_select(source, 0, torch.randperm(len(source), device=device), out=rows)
    def updates():
        for first in range(0, len(rows) - batch + 1, batch):
            update(rows[first : first + batch])
    return shuffle, updates, master


def ais(W, b, c, chains, betas, launch, steps):
    """steps of AIS a call from the uniform distribution (β = 0) on; log weights in float32 and the step's number.

    P*_β(v) = exp(β b·v) Π_j (1 + exp(β a_j)), a = c + vW. A step weighs v by P*_β′/P*_β, then draws h and v at β′;
    the product a serves both.
    """
    device = W.device
    v = torch.bernoulli(torch.full((chains, W.shape[0]), 0.5, device=device)).to(W.dtype)
    weight = torch.zeros(chains, device=device)
    number = torch.zeros(1, dtype=torch.long, device=device)
    Wt = W.t().contiguous()
    def step():
        now, then = betas[number], betas[number + 1]
        a = torch.addmm(c, v, W)
        x = a.float()
        weight.add_((then - now) * (v @ b).float() + (F.softplus(then * x) - F.softplus(now * x)).sum(1))
        beta = then.to(W.dtype)
        h = draw(beta * a, launch)
        v.copy_(draw(beta * torch.addmm(b, h, Wt), launch))
        number.add_(1).clamp_(max=len(betas) - 2)
    step = compiled(step, launch)
    def call():
        for _ in range(steps):
            step()
    return call, weight


def logz(W, b, c, low, launch):
    """One block of 2^low hidden states a call, whose upper bits are a number; the log of the block's sum.

    log Σ_h exp(c·h + Σ_i softplus(b_i + W_i·h)). The lower bits' part of W·h is a table, the upper bits' one row.
    """
    hidden = W.shape[1]
    bits = (torch.arange(2**low, device=W.device)[:, None] >> torch.arange(low, device=W.device) & 1).to(W.dtype)
    table, bias = bits @ W[:, :low].t() + b, bits @ c[:low]
    place = torch.arange(hidden - low, device=W.device)
    def block(upper):
        h = (upper >> place & 1).to(W.dtype)
        x = table + W[:, low:] @ h
        # log(1 + e^x) by its definition: F.softplus is the identity beyond 20.
        y = x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))
        return torch.logsumexp(bias + c[low:] @ h + y.sum(1), 0)
    return compiled(block, launch)


# The measurements: each prepares its variant, times it and returns figure and unit.


def prepared(call, launch):
    return call if launch == "eager" else graphed(call)


def time_gibbs(o, precision, launch, visible, hidden, chains):
    steps = 1 if launch == "eager" else max(2, min(16, 2**18 // chains))
    call, state = gibbs(*parameters(visible, hidden, DTYPE[precision], o.device), chains, launch, steps)
    return chains * steps / seconds(prepared(call, launch), o.device), "chain sweeps/s"


def time_pcd(o, precision, launch, batch, optimizer):
    shuffle, updates, _ = pcd(o.rows, o.hidden, batch, optimizer, 0.05, DTYPE[precision], launch)
    updates = prepared(updates, launch)
    def epoch():
        shuffle()
        updates()
    return seconds(epoch, o.device), "s/epoch"


def time_ais(o, precision, launch, visible, hidden, chains):
    steps, total = (5 if launch == "eager" else 50), 10000
    betas = torch.linspace(0, 1, total + 1, device=o.device)
    call, _ = ais(*parameters(visible, hidden, DTYPE[precision], o.device), chains, betas, launch, steps)
    return seconds(prepared(call, launch), o.device) * total / steps, f"s/{total} steps"


def time_logz(o, precision, launch, visible, hidden):
    low = min(16, hidden - 1)
    block = logz(*parameters(visible, hidden, DTYPE[precision], o.device), low, launch)
    upper = torch.tensor(1, device=o.device)
    return seconds(prepared(lambda: block(upper), launch), o.device) * 2 ** (hidden - low), "s"


def time_bounds(o, what, launch, n):
    if what == "copy":
        a = torch.zeros(n * n * 16, dtype=torch.uint8, device=o.device)
        b = torch.empty_like(a)
        return 2 * a.numel() / seconds(lambda: b.copy_(a), o.device) * 1e-12, "TB/s read and written"
    if what == "int8":
        a, b = (torch.randint(-128, 128, (n, n), dtype=torch.int8, device=o.device) for _ in range(2))
        return 2 * n**3 / seconds(lambda: torch._int_mm(a, b.t()), o.device) * 1e-12, "TOP/s"
    a, b = (torch.randn(n, n, dtype=torch.bfloat16, device=o.device) for _ in range(2))
    return 2 * n**3 / seconds(lambda: a @ b, o.device) * 1e-12, "TFLOP/s"


TIME = {"gibbs": time_gibbs, "pcd": time_pcd, "ais": time_ais, "logz": time_logz, "bounds": time_bounds}


def plan(smoke):
    """All variants, the most promising first: (rank, what, arguments, precision, launch)."""
    shapes = [(20, 10, 8)] if smoke else [(784, 512, 16384), (784, 512, 131072), (10000, 2000, 8192)]
    batches = (4, 8) if smoke else (100, 500)
    annealed = (20, 10, 8) if smoke else (784, 500, 5000)
    result = [(0, "bounds", (64 if smoke else 8192,), what, "eager") for what in ("int8", "bfloat16", "copy")]
    def add(what, arguments, ranks):
        for (precision, launch), rank in ranks.items():
            if not smoke or launch == "eager":
                result.append((rank, what, arguments, precision, launch))

    b, t, f = "bfloat16", "tf32", "float32"
    tail = {(t, "compile"): 5, (f, "compile"): 7, (t, "eager"): 3, (f, "eager"): 6, (f, "graph"): 6}
    for arguments in shapes:
        add("gibbs", arguments, {(b, "compile"): 1, (b, "graph"): 3, (b, "eager"): 3, (t, "graph"): 3, **tail})
    for batch in batches:
        ranks = {(t, "graph"): 0, (b, "graph"): 0, (t, "eager"): 0, (b, "compile"): 2, (b, "eager"): 3}
        add("pcd", (batch, "sgd"), {**tail, **ranks, (t, "compile"): 4})
        add("pcd", (batch, "adam"), {**tail, **ranks, (b, "compile"): 4})
    add("ais", annealed, {(b, "compile"): 1, (b, "graph"): 3, (b, "eager"): 3, (t, "graph"): 3, **tail})
    add("logz", (20, 6) if smoke else (784, 30), {(f, "compile"): 5, ("float64", "compile"): 6, (f, "eager"): 6})
    return sorted(result, key=lambda variant: variant[0])


def measure(o):
    deadline, results, skipped = o.start + o.seconds, [], 0
    out = open(o.json, "w") if o.json else None
    name = torch.cuda.get_device_name() if o.device == "cuda" else "CPU"
    print(f"PyTorch {torch.__version__}, {name}", flush=True)
    for _, what, arguments, precision, launch in plan(o.smoke):
        start = time.time()
        if what not in o.what:
            continue
        if start + (20 if launch == "compile" else 4) > deadline:
            skipped += 1
            continue
        shape = " ".join(map(str, arguments))
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        if launch == "compile":
            torch._dynamo.reset()
        result = dict(what=what, arguments=shape, precision=precision, launch=launch, torch=torch.__version__, device=name)
        try:
            with torch.no_grad():
                result["figure"], result["unit"] = TIME[what](o, precision, launch, *arguments)
            text = f"{result['figure']:.5g} {result['unit']}"
            results.append(result)
        except Exception as error:
            result["error"] = text = f"failed: {error!r}"[:300]
        gc.collect()
        if o.device == "cuda":
            torch.cuda.empty_cache()
        print(f"{what:7}{shape:18}{precision:9}{launch:8} {text} ({time.time() - start:.1f} s)", flush=True)
        if out:
            print(json.dumps(result), file=out, flush=True)
    print(f"\nthe fastest of each ({skipped} variants left out at the deadline)")
    groups = {}
    for r in results:
        key = (r["what"], r["arguments"] + (" " + r["precision"] if r["what"] == "bounds" else ""))
        groups.setdefault(key, []).append(r)
    for (what, shape), rows in sorted(groups.items()):
        sign = 1 if rows[0]["unit"].startswith("s") else -1
        best = min(rows, key=lambda r: sign * r["figure"])
        eager = min((r for r in rows if r["launch"] == "eager"), key=lambda r: sign * r["figure"], default=None)
        beside = f"; eager {eager['figure']:.5g} ({eager['precision']})" if eager and eager is not best else ""
        print(f"{what:7}{shape:24}{best['figure']:.5g} {best['unit']} ({best['precision']}, {best['launch']}){beside}")


def states(units, device):
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=units)), device=device)


def check(device):
    """Gibbs's means, AIS's and the enumeration's log Z, and the likelihood that PCD reaches, by a sum over visible states."""
    torch.manual_seed(1)
    def free(v, W, b, c):
        return v @ b + torch.log1p(torch.exp(c + v @ W)).sum(1)

    W, b, c = parameters(10, 5, torch.float32, device, 0.7)
    v = states(10, device)
    exact = torch.logsumexp(free(v, W, b, c).double(), 0).item()
    block = logz(W.double(), b.double(), c.double(), 3, "eager")
    total = torch.logsumexp(torch.stack([block(torch.tensor(u, device=device)) for u in range(4)]), 0).item()
    assert abs(total - exact) < 1e-5, (total, exact)
    call, weight = ais(W, b, c, 5000, torch.linspace(0, 1, 501, device=device), "eager", 500)
    call()
    annealed = (torch.logsumexp(weight, 0) - math.log(5000)).item() + 15 * math.log(2)
    assert abs(annealed - exact) < 0.02, (annealed, exact)
    means = torch.exp(free(v, W, b, c) - exact) @ v
    for launch in ("eager", "compile") if device == "cuda" else ("eager",):
        call, state = gibbs(W, b, c, 40000, launch, 50)
        call()
        assert (state.mean(0) - means).abs().max() < 0.015, launch
    data = torch.tensor([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]], device=device).float().repeat(500, 1)
    data = (data - (torch.rand_like(data) < 0.15).float()).abs()
    wrong = (data[:, 3:].sum(1) - data[:, :3].sum(1)) + 3  # bits that differ from 111000
    truth = (0.5 * (0.15**wrong * 0.85 ** (6 - wrong) + 0.85**wrong * 0.15 ** (6 - wrong))).log().mean().item()
    v = states(6, device)
    for (optimizer, rate), dtype in itertools.product((("sgd", 0.05), ("adam", 0.003)), (torch.float32, torch.bfloat16)):
        for launch in ("eager", "compile") if device == "cuda" else ("eager",):
            shuffle, updates, model = pcd(data, 4, 50, optimizer, rate, dtype, launch)
            likelihood = lambda: (free(data, *model).mean() - torch.logsumexp(free(v, *model), 0)).item()
            before = likelihood()
            for _ in range(80):
                shuffle()
                updates()
            print(f"pcd {optimizer} {dtype} {launch}: log-likelihood {before:.3f} to {likelihood():.3f}, the data's {truth:.3f}")
            assert abs(likelihood() - truth) < 0.15, (optimizer, dtype, launch)
    print(f"log Z {exact:.5f}, by blocks {total:.5f}, by AIS {annealed:.5f}: all as they should be")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help=" ".join(TIME) + " (default: all)")
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    for name, action in {"--json": "store", "--data": "store", "--smoke": "store_true", "--check": "store_true"}.items():
        parser.add_argument(name, action=action)
    o = parser.parse_args()
    o.start, o.what = time.time(), o.what or list(TIME)
    if unknown := set(o.what) - set(TIME):
        parser.error(f"{' '.join(unknown)}: not one of {' '.join(TIME)}")
    torch.manual_seed(1)
    if o.check:
        with torch.no_grad():
            return check(o.device)
    rows, visible, o.hidden = (80, 20, 10) if o.smoke else (60000, 784, 500)
    o.rows = torch.bernoulli(torch.full((rows, visible), 0.13, device=o.device))
    if o.data:
        o.rows = torch.from_numpy(__import__("numpy").load(o.data)).to(o.device).reshape(-1, visible).float()
    measure(o)


if __name__ == "__main__":
    main()
