/** What sort of failure it is. Protocol fronts map it to a status, the CLI to an exit code. */
export type ErrorKind =
  | "invalid-input"
  | "unauthenticated"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "too-large"
  | "overloaded"
  | "unavailable"
  | "corrupt"
  | "cancelled"
  | "internal";

export interface HomegrownErrorOptions {
  /** Stable, machine-readable name: `area/what-happened`, for example `data/empty-corpus`. */
  code: string;
  kind: ErrorKind;
  /** What failed, what was found, what was expected. Never holds a secret or a prompt. */
  message: string;
  /** What to do next, as an imperative sentence. */
  hint: string;
  details?: Readonly<Record<string, unknown>>;
  retryable?: boolean;
  cause?: unknown;
}

/** The one base class of every error that a user may see. */
export class HomegrownError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;

  constructor(options: HomegrownErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "HomegrownError";
    this.code = options.code;
    this.kind = options.kind;
    this.hint = options.hint;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? false;
  }
}

/** The form in which an error crosses a process or thread border. */
export interface ErrorRecord {
  code: string;
  kind: ErrorKind;
  message: string;
  hint: string;
  details: Readonly<Record<string, unknown>>;
  retryable: boolean;
}

/** Any thrown value as a record that JSON can carry; an unknown one becomes `internal/unexpected`. */
export function toErrorRecord(error: unknown): ErrorRecord {
  if (error instanceof HomegrownError) {
    const { code, kind, message, hint, details, retryable } = error;
    return { code, kind, message, hint, details, retryable };
  }
  return {
    code: "internal/unexpected",
    kind: "internal",
    message: error instanceof Error ? error.message : String(error),
    hint: "Run again with --debug and report the stack that it prints.",
    details: {},
    retryable: false,
  };
}

export function fromErrorRecord(record: ErrorRecord): HomegrownError {
  return new HomegrownError(record);
}
