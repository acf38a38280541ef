/** What a long piece of work tells whoever watches; noun-verb names, plain data, JSON-safe. */
export interface ProgressEvent {
  /** For example `data-read`, `tokenizer-train`, `train-step`, `evaluate-held-out`. */
  event: string;
  /** Units done and to do, when known; `unit` names them. */
  done?: number;
  total?: number;
  unit?: string;
  message?: string;
  details?: Readonly<Record<string, unknown>>;
}

export type ProgressListener = (event: ProgressEvent) => void;
