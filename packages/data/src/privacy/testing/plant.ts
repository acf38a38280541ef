import {
  AZURE_STRINGS,
  KNOWN_SURROUNDINGS,
  SECRET_NAMES,
  URLS,
  type Carrier,
  type Surroundings,
} from "./carriers.ts";
import { drawFrom, type Random } from "./draw.ts";
import { NATIONAL_ID_MAKERS, PERSONAL_MAKERS, type NationalIdName } from "./planted-personal.ts";
import { SECRET_MAKERS, type Maker } from "./planted-secrets.ts";

export interface Planted {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

type SecretName = keyof typeof SECRET_MAKERS;
type PersonalName = keyof typeof PERSONAL_MAKERS;

export const PLANTED_SECRETS = Object.keys(SECRET_MAKERS) as readonly SecretName[];
export const PLANTED_PERSONAL = Object.keys(PERSONAL_MAKERS) as readonly PersonalName[];
export const PLANTED_NATIONAL_IDS = Object.keys(NATIONAL_ID_MAKERS) as readonly NationalIdName[];

/** Tokens that are sent as they are, and so also stand in the header of a request. */
const SENT: ReadonlySet<SecretName> = new Set([
  "github-token",
  "gitlab-token",
  "slack-token",
  "stripe-key",
  "openai-key",
  "anthropic-key",
  "npm-token",
  "sendgrid-key",
  "homegrown-key",
  "jwt",
  "credential",
] as const);

export function plantSecret(
  name: SecretName,
  random: Random,
  around: Surroundings = KNOWN_SURROUNDINGS,
): Planted {
  const value = drawFrom<Maker>(random, SECRET_MAKERS[name])(random);
  const isChosen = name === "credential" && !/^[A-Za-z0-9]{20,}$/.test(value);
  const carriers = [
    ...around.secrets,
    ...(SENT.has(name) && !isChosen ? around.requests : []),
    ...(name === "credential" ? around.passwords : []),
  ].filter(
    ({ template, escaped }) =>
      !value.includes("\n") || escaped !== undefined || !/\S=?\{\}|\{\} /.test(template.replace("NAME", "")),
  );
  const carrier = drawFrom(random, carriers);
  const template = carrier.template.replaceAll("NAME", drawFrom(random, SECRET_NAMES[name]));
  const inside =
    name === "url-password"
      ? drawFrom(random, URLS)
      : name === "azure-key"
        ? AZURE_STRINGS[value.length]
        : undefined;
  return place({ ...carrier, template: inside === undefined ? template : fill(template, inside) }, value);
}

export function plantPersonal(
  name: PersonalName,
  random: Random,
  around: Surroundings = KNOWN_SURROUNDINGS,
): Planted {
  const value = drawFrom<Maker>(random, PERSONAL_MAKERS[name])(random);
  return place(drawFrom<Carrier>(random, around.personal[name]), value);
}

export function plantNationalId(
  name: NationalIdName,
  random: Random,
  around: Surroundings = KNOWN_SURROUNDINGS,
): Planted {
  return place(drawFrom(random, around.nationalIds[name]), NATIONAL_ID_MAKERS[name](random));
}

function place({ template, escaped = undefined }: Carrier, value: string): Planted {
  let written = value;
  for (let level = 0; level < (escaped ?? 0); level++) written = JSON.stringify(written).slice(1, -1);
  const start = template.indexOf("{}");
  return { text: fill(template, written), start, end: start + written.length };
}

/** Not `replace`, in whose replacement a `$` is a sign. */
function fill(template: string, value: string): string {
  const [before = "", ...after] = template.split("{}");
  return before + value + after.join("{}");
}
