// The closed op set. Each family file declares its ops' inputs and attributes; their union is what every
// table must cover. Adding an op: a signature here (through its family), a row in each of the family's four
// tables, and a row of cases in `referee-cases.ts`; the compiler asks for whatever is missing.
import type { AttentionOps } from "./attention.ts";
import type { ElementwiseOps } from "./elementwise.ts";
import type { IndexingOps } from "./indexing.ts";
import type { LossOps } from "./loss.ts";
import type { MatrixOps } from "./matrix.ts";
import type { NormalizationOps } from "./normalization.ts";
import type { PositionOps } from "./position.ts";

export interface OpSignatures
  extends ElementwiseOps, MatrixOps, NormalizationOps, PositionOps, AttentionOps, IndexingOps, LossOps {}

export type OpName = keyof OpSignatures;
export type OpInputs<Op extends OpName> = OpSignatures[Op]["inputs"];
export type OpAttributes<Op extends OpName> = OpSignatures[Op]["attributes"];

/** The attributes of an op that has none. */
export type NoAttributes = Readonly<Record<never, never>>;
