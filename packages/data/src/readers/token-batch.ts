/** Rows of `sequenceLength`, end to end. `targets[i]` follows `ids[i]` in the text. */
export interface TokenBatch {
  ids: Int32Array;
  targets: Int32Array;
  /** 1 where the target counts in the loss, 0 where not. Absent: all count. */
  weights?: Float32Array;
}
