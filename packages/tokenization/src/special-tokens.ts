/** Ends a document, and pads. */
export const END_OF_TEXT = "<|endoftext|>";
/** Opens a turn of a conversation. */
export const START_OF_TURN = "<|im_start|>";
/** Ends a turn: generation stops here. */
export const END_OF_TURN = "<|im_end|>";

/** Qwen's three, in Qwen's order; their ids follow the last merge. */
export const SPECIAL_TOKENS: readonly string[] = [END_OF_TEXT, START_OF_TURN, END_OF_TURN];
