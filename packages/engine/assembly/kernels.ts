// SIMD kernels over one shared WebAssembly memory (AssemblyScript; built by src/kernels/build.ts).
// Pointers are byte offsets, counts are float32 elements and multiples of 4; the caller pads every
// tensor to 16 elements, so no tail loop is needed (scatterAddRows has its own).
// Invariant: every loop runs in one fixed order, so equal inputs give equal bits.
// Names: p parameters, g gradient, m first moment or momentum, v second moment.

/** Σ x², each square and the sum in float64: finite exactly when every element is. */
export function sumSquares(x: usize, n: u32): f64 {
  let low = f64x2.splat(0.0);
  let high = f64x2.splat(0.0);
  const end = x + (<usize>n << 2);
  for (; x < end; x += 16) {
    const value = v128.load(x);
    const a = f64x2.promote_low_f32x4(value);
    const b = f64x2.promote_low_f32x4(v128.shuffle<i64>(value, value, 1, 0));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/**
 * g₀ ← g₀ + g₁ + … in the order of the buffers (the k-th lies `stride` bytes after the one before),
 * g₁… ← 0. Returns Σ g₀² as sumSquares does.
 */
export function reduceGradients(g: usize, stride: usize, buffers: u32, n: u32): f64 {
  if (buffers < 2) return sumSquares(g, n);
  let low = f64x2.splat(0.0);
  let high = f64x2.splat(0.0);
  const zero = f32x4.splat(0.0);
  const end = g + (<usize>n << 2);
  for (; g < end; g += 16) {
    let value = v128.load(g);
    let other = g + stride;
    for (let k: u32 = 1; k < buffers; k++) {
      value = f32x4.add(value, v128.load(other));
      v128.store(other, zero);
      other += stride;
    }
    v128.store(g, value);
    const a = f64x2.promote_low_f32x4(value);
    const b = f64x2.promote_low_f32x4(v128.shuffle<i64>(value, value, 1, 0));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/**
 * AdamW (Loshchilov & Hutter 2019, algorithm 2), bias corrections folded into `step` and `epsilon`:
 * m ← β₁m + k₁g, v ← β₂v + k₂g², p ← decay·p − step·m/(√v + ε), g ← 0,
 * with k₁ = (1−β₁)c, k₂ = (1−β₂)c², c the clipping factor.
 */
export function adamw(
  p: usize, g: usize, m: usize, v: usize, n: u32,
  beta1: f32, k1: f32, beta2: f32, k2: f32, step: f32, epsilon: f32, decay: f32,
): void {
  const beta1s = f32x4.splat(beta1);
  const k1s = f32x4.splat(k1);
  const beta2s = f32x4.splat(beta2);
  const k2s = f32x4.splat(k2);
  const steps = f32x4.splat(step);
  const epsilons = f32x4.splat(epsilon);
  const decays = f32x4.splat(decay);
  const zero = f32x4.splat(0.0);
  const end = p + (<usize>n << 2);
  while (p < end) {
    const gradient = v128.load(g);
    const first = f32x4.add(f32x4.mul(v128.load(m), beta1s), f32x4.mul(gradient, k1s));
    const second = f32x4.add(
      f32x4.mul(v128.load(v), beta2s), f32x4.mul(f32x4.mul(gradient, gradient), k2s));
    v128.store(g, zero);
    v128.store(m, first);
    v128.store(v, second);
    const move = f32x4.div(first, f32x4.add(f32x4.sqrt(second), epsilons));
    v128.store(p, f32x4.sub(f32x4.mul(v128.load(p), decays), f32x4.mul(move, steps)));
    p += 16; g += 16; m += 16; v += 16;
  }
}

/**
 * Muon's momentum with Nesterov's look-ahead: m ← μm + k·g, g ← μm + k·g, with k = (1−μ)c and c the
 * clipping factor. Returns Σ g², whose root the orthogonalisation divides by.
 */
export function nesterov(g: usize, m: usize, n: u32, momentum: f32, k: f32): f64 {
  const momenta = f32x4.splat(momentum);
  const ks = f32x4.splat(k);
  const start = g;
  const end = g + (<usize>n << 2);
  while (g < end) {
    const fresh = f32x4.mul(v128.load(g), ks);
    const state = f32x4.add(f32x4.mul(v128.load(m), momenta), fresh);
    v128.store(m, state);
    v128.store(g, f32x4.add(f32x4.mul(state, momenta), fresh));
    g += 16; m += 16;
  }
  return sumSquares(start, n);
}

/** p ← decay·p − step·x. */
export function applyUpdate(p: usize, x: usize, n: u32, step: f32, decay: f32): void {
  const steps = f32x4.splat(step);
  const decays = f32x4.splat(decay);
  const end = p + (<usize>n << 2);
  while (p < end) {
    v128.store(p, f32x4.sub(f32x4.mul(v128.load(p), decays), f32x4.mul(v128.load(x), steps)));
    p += 16; x += 16;
  }
}

/** y ← y + factor·x. */
export function addScaled(y: usize, x: usize, n: u32, factor: f32): void {
  const factors = f32x4.splat(factor);
  const end = y + (<usize>n << 2);
  while (y < end) {
    v128.store(y, f32x4.add(v128.load(y), f32x4.mul(v128.load(x), factors)));
    y += 16; x += 16;
  }
}

/** x ← 0. */
export function zero(x: usize, n: u32): void {
  memory.fill(x, 0, <usize>n << 2);
}

/**
 * table[ids[r]] += rows[r] for r = 0, 1, … in this order; rows and table have `width` float32 columns,
 * ids are int32 and already checked by the caller. Unaligned widths are fine.
 */
export function scatterAddRows(table: usize, rows: usize, ids: usize, numRows: u32, width: u32): void {
  const bytes = <usize>width << 2;
  const body = bytes & ~15;
  for (let r: u32 = 0; r < numRows; r++) {
    const to = table + <usize>load<u32>(ids + (<usize>r << 2)) * bytes;
    let at: usize = 0;
    for (; at < body; at += 16) {
      v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(rows + at)));
    }
    for (; at < bytes; at += 4) store<f32>(to + at, load<f32>(to + at) + load<f32>(rows + at));
    rows += bytes;
  }
}
