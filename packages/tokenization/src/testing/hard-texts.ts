// Texts that tokenizers get wrong: scripts, combining marks, white space of all kinds, code, contractions.

export const HARD_TEXTS: readonly string[] = [
  "",
  " ",
  "\n",
  "\n\n\n  \n\t\n",
  "  leading and trailing  ",
  "tabs\t\tand\u00A0no-break\u2003em space\u3000ideographic",
  "line\r\nends\rof\nall kinds\n\r\n",
  "I'm, you're, WE'LL, they'Ve; it's 'quoted' 'sound' d'accord rock'n'roll",
  "1234567890 3.14159 0xDEADBEEF ½ Ⅳ ٣٤٥ 一二三",
  "naïve café ΑΒΓ Ωmega ёлка Ünïcödé — “quotes” … ‰",
  "Das heißt: Straßenbahnhaltestelle; größer, ÄÖÜ",
  "ภาษาไทยไม่มีช่องว่างระหว่างคำ",
  "日本語のテキスト、中文字符。한국어 문장입니다.",
  "العربية مع تَشْكِيل؛ עברית עם נִקּוּד",
  "हिन्दी में लिखा हुआ पाठ। தமிழ் எழுத்து",
  "e\u0301 o\u0302\u0323 \u1100\u1161\u11A8 (decomposed: NFC joins them)",
  "👩‍👩‍👧‍👦 🏳️‍🌈 🇫🇮 ☕️ 👍🏽 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠜎𠜱",
  "zero\u200Bwidth\u200Djoiner\u2060word soft\u00ADhyphen",
  "export declare function f<T extends { a?: string[] }>(x: T): asserts x is NonNullable<T>;\n",
  "if (a >= b && c !== d) {\n    return `${x}`; // comment\n}\n\n\n",
  "/**\n * @param value - the *value*\n * @returns {Promise<void>}\n */\n",
  "a".repeat(500),
  "=".repeat(300) + "\n" + "-".repeat(77),
  " ".repeat(200) + "x" + "\t".repeat(40) + "y",
  "aGVsbG8gd29ybGQ=".repeat(30),
  "https://example.org/a/b?c=d&e=%20f#g user@example.org C:\\path\\to\\file",
  "<|endoftext|> is spelt here, <|im_start|>user\nand here<|im_end|>\n",
  "control \u0001\u0007\u001b[31m characters \u007f",
  "\u0085next line and \u2028separators\u2029 too",
];

/** Mixed text to train on: the texts above, and enough of two languages and code for merges to form. */
export const TRAINING_TEXTS: readonly string[] = [
  ...HARD_TEXTS,
  ...Array.from(
    { length: 40 },
    (_, i) =>
      `The quick brown fox number ${i} jumps over the lazy dog, and it's the dog's fault. ` +
      `Die Straße Nummer ${i} ist größer als die andere; 日本語のテキスト${i}。\n` +
      `export interface Options${i % 7} {\n  readonly name: string;\n  value?: number;\n}\n` +
      `export declare function compute(options: Options${i % 7}): Promise<void>;\n\n`,
  ),
];
