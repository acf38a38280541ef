import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { checkTypeScript, closeTypeScript, shareOfPassing, TYPESCRIPT_PROMPTS } from "../index.ts";

const prompt = "export interface ServerOptions {\n";

const ACCEPTED: readonly [why: string, completion: string, prompt?: string][] = [
  ["whole", "  port?: number;\n}\n", prompt],
  ["cut inside a member", "  port?: number;\n  /** Where to li", prompt],
  ["cut inside a string", '  kind: "a" | "b";\n  name: "unfini', prompt],
  ["cut inside nested braces", "  tls: { key: string; cert: stri", prompt],
  ["cut inside a parameter's object type", "declare function f(a: { x: number; y: num"],
  ["cut inside a second declaration", "string;\nexport interface Other {\n  a: str", "export type A = "],
  ["brackets in strings and comments", '  open: "{("; // }}\n  close: string;\n  x', prompt],
  ["a template literal type", "  path: `/${string}/{`;\n  x", prompt],
  ["a loop cut in its body", "for (let i = 0; i < 3; i++) {\n  f(i);\n  g("],
  ["a long comment after a whole member", `  a: string;\n  /** ${"on and on ".repeat(40)}`, prompt],
  ["an expression without a semicolon", "string | number", "export type A = "],
];
const REFUSED: readonly [why: string, completion: string, prompt?: string][] = [
  ["nothing", "", "export {};\n"],
  ["blank", "  \n\n", "export {};\n"],
  ["a comment only", "// and so on\n", "export {};\n"],
  ["a first member that never ends", "  port?: num", prompt],
  ["a wrong member before the cut", "  port port: number;\n  host: string;\n", prompt],
  ["a bracket closed that was not open", "  a: string;\n  b: (number];\n  c: string;\n", prompt],
  ["prose", "This is a sentence about servers. It goes on", ""],
  ["a wrong prompt cannot be repaired", " a: string; }", "export interfac Options {"],
  [
    "a parameter list that ends in ;",
    "a: A;\ndeclare function f(b: B;\ndeclare function g(): void;\n",
    prompt,
  ],
  [
    "prose after a whole member",
    `  a: string;\n  And then ${"the server went on and on ".repeat(12)}`,
    prompt,
  ],
  ["an enum, which stripping refuses", "enum A { B }"],
];

for (const [why, completion, before] of ACCEPTED) {
  test(`accepted: ${why}`, () => assert.equal(checkTypeScript(completion, before), true));
}
for (const [why, completion, before] of REFUSED) {
  test(`refused: ${why}`, () => assert.equal(checkTypeScript(completion, before), false));
}

test("closing cuts after the last whole member and closes innermost first", () => {
  assert.equal(closeTypeScript("interface A { f(x: { y: number; z"), "interface A { f(x: { y: number;})}");
  assert.equal(closeTypeScript("type A = 1;\ntype B = { c"), "type A = 1;");
  assert.equal(closeTypeScript("type A = 1;\ntype B", 11), undefined);
  assert.equal(closeTypeScript("for (let i = 0; i < 3"), undefined);
});

test("a declaration cut at any place after its first member is accepted", () => {
  const text =
    "export interface A {\n  a: string;\n  b(c: { d: number; e: string }): Promise<void>;\n}\nexport type B = A;\n";
  const first = text.indexOf("a: string;") + "a: string;".length;
  for (let end = first; end <= text.length; end++) {
    assert.equal(checkTypeScript(text.slice(0, end)), true, JSON.stringify(text.slice(0, end)));
  }
});

test("no text makes the check throw or hang", () => {
  const piece = fc.constantFrom(
    "{",
    "}",
    "(",
    ")",
    ";",
    "`",
    "${",
    '"',
    "'",
    "/*",
    "*/",
    "//",
    "\n",
    "\\",
    "a",
    ":",
    "<",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      assert.equal(typeof checkTypeScript(pieces.join("")), "boolean");
    }),
    { numRuns: 300 },
  );
  assert.equal(checkTypeScript("a;".repeat(2 ** 20)), false, "longer than a completion can be");
});

test("the fixed prompts alone never pass, and each can be continued to pass", () => {
  const endings = [
    "}\n",
    "string;\n",
    "a: string): void;\n",
    "string): void;\n",
    " f(): void;\n",
    "): void;\n",
    "a: string) => void;\n",
    "};\n",
  ];
  const bodies = ["", "  a: string;\n"];
  for (const prompt of TYPESCRIPT_PROMPTS) {
    assert.equal(checkTypeScript("", prompt), false, prompt);
    const continued = bodies.some((body) => endings.some((ending) => checkTypeScript(body + ending, prompt)));
    assert.ok(continued, prompt);
  }
});

test("a share comes with its counts and interval", () => {
  const completions = ["string;", "))", "number;"].map((completion) => ({ prompt: "type A = ", completion }));
  const check = shareOfPassing("TypeScript", completions, checkTypeScript);
  assert.deepEqual([check.passed, check.total, check.share.method], [2, 3, "Wilson score"]);
});
