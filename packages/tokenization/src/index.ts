export { trainBpe } from "./train-bpe.ts";
export type { TrainBpeOptions } from "./train-bpe.ts";
export { Tokenizer } from "./tokenizer.ts";
export type { EncodeOptions } from "./tokenizer.ts";
export { END_OF_TEXT, END_OF_TURN, SPECIAL_TOKENS, START_OF_TURN } from "./special-tokens.ts";
export { CHATML_TEMPLATE, renderChat } from "./chat-template.ts";
export type { RenderChatOptions } from "./chat-template.ts";
export { serializeTokenizerJson, toTokenizerConfig } from "./tokenizer-files.ts";
export type { TokenizerConfig } from "./tokenizer-files.ts";
