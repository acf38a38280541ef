/**
 * Signs by which a random value is told from a word, a template or a sample.
 */

/** Shannon entropy of the characters of a text, bits a character. */
export function characterEntropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** How many of lower case, upper case, digits and everything else a text uses. */
export function numCharacterClasses(text: string): number {
  return [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((pattern) => pattern.test(text)).length;
}

/** Whether any of `pattern` stands in the `reach` characters before `index`. */
export function hasBefore(text: string, index: number, pattern: RegExp, reach = 48): boolean {
  return pattern.test(text.slice(Math.max(0, index - reach), index));
}

const TEMPLATE =
  /\$\{|\{\{|\}\}|<[^>]{0,60}>|^\{[^}]{0,80}\}$|^\$(?:[A-Z_]+|[a-z_]+|[a-z]+(?:[A-Z][a-z]+)*)$|^%\w{1,40}%$|\$\(|^\[|\.\.\.|…|\*{3}|^masked:/;
const PLACEHOLDER =
  /x{4}|change[-_]?(?:me|this)|placeholder|example|dummy|redacted|your[-_ ]|insert[-_ ]|replace[-_ ]|<|^(?:my)?pass(?:word|wd|phrase)?\d{0,4}$|^(?:my)?(?:secret|token|user|username|undefined|null|none|true|false|string|test|foobar)\d{0,3}$/i;

/** Whether a value only stands in for one: a template, a masked value, the word itself. */
export function isPlaceholder(value: string): boolean {
  return TEMPLATE.test(value) || PLACEHOLDER.test(value) || /^(.)\1*$/.test(value);
}
