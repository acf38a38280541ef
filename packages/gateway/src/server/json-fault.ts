// Where a text stops being JSON (RFC 8259). Only read after JSON.parse has refused the text; nesting is
// bounded by then, so recursion is safe.

export interface JsonFault {
  /** UTF-16 units from the start. */
  offset: number;
  line: number;
  column: number;
  /** What should have stood there. */
  expected: string;
}

class Fault extends Error {
  readonly offset: number;
  constructor(offset: number, expected: string) {
    super(expected);
    this.offset = offset;
  }
}

const WHITESPACE = /[ \t\n\r]*/y;
// oxlint-disable-next-line no-control-regex -- JSON forbids raw control characters in strings
const STRING_RUN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

export function findJsonFault(text: string): JsonFault {
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const takeChar = (char: string): boolean => {
    take(WHITESPACE);
    if (text[at] !== char) return false;
    at++;
    return true;
  };

  const readString = (): void => {
    do take(STRING_RUN);
    while (take(ESCAPE));
    if (text[at] !== '"') throw new Fault(at, text[at] === "\\" ? "a valid escape" : "the end of a string");
    at++;
  };
  const readMember = (): void => {
    if (!takeChar('"')) throw new Fault(at, "a property name in double quotes");
    readString();
    if (!takeChar(":")) throw new Fault(at, "':'");
    readValue();
  };
  const readList = (close: string, readItem: () => void): void => {
    if (takeChar(close)) return;
    do readItem();
    while (takeChar(","));
    if (!takeChar(close)) throw new Fault(at, `',' or '${close}'`);
  };
  const readValue = (): void => {
    if (takeChar('"')) readString();
    else if (takeChar("{")) readList("}", readMember);
    else if (takeChar("[")) readList("]", readValue);
    else if (!take(WORD) && !take(NUMBER)) throw new Fault(at, "a value");
  };

  try {
    readValue();
    take(WHITESPACE);
    throw new Fault(at, "the end of the body");
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return { ...place(text, fault.offset), expected: fault.message };
  }
}

function place(text: string, offset: number): Omit<JsonFault, "expected"> {
  const before = text.slice(0, offset);
  return { offset, line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
