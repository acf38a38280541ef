import type {
  ChatMessage,
  DatasetSource,
  ProgressListener,
  Rights,
  TokenizerJson,
} from "@homegrown/contracts";
import type { BuiltDataset } from "../build-options.ts";

/** A conversation to learn from: the assistant's turns count in the loss. */
export interface Conversation {
  /** Default: `conversation-N`. */
  id?: string;
  messages: readonly ChatMessage[];
  /** Where it stands is known already, for example from the document it was mined from. Default: by hash. */
  heldOut?: boolean;
  /** Name of one of `sources`. Default: the dataset's name. */
  source?: string;
  /** Default: the rights of its source. */
  rights?: Rights;
}

export interface BuildPairDatasetOptions {
  name: string;
  /** The dataset's own folder; must not exist. */
  target: string;
  conversations: AsyncIterable<Conversation> | Iterable<Conversation>;
  tokenizer: TokenizerJson;
  /** Jinja chat template. Default `CHATML_TEMPLATE`. */
  template?: string;
  /** Rows hold `sequenceLength` + 1 ids; longer conversations are dropped, and counted. */
  sequenceLength: number;
  /** Where the conversations come from, with licence and rights; files and bytes are counted anew. */
  sources?: readonly Pick<DatasetSource, "name" | "version" | "license" | "rights">[];
  heldOut?: { fraction?: number; salt?: string };
  onProgress?: ProgressListener;
  signal?: AbortSignal;
}

export async function buildPairDataset(_options: BuildPairDatasetOptions): Promise<BuiltDataset> {
  throw new Error("not yet");
}
