import { userInfo } from "node:os";
import { HomegrownError } from "@homegrown/contracts";
import type { Lineage, ReportCard } from "@homegrown/contracts";
import { homePaths, openDatabase } from "@homegrown/storage";
import type { Database } from "@homegrown/storage";
import { movesToPromote, movesToRollBack } from "./alias-moves.ts";
import type { AliasState } from "./alias-moves.ts";
import { Catalogue } from "./catalogue.ts";
import type { AliasHistoryEntry, VersionRow } from "./catalogue.ts";
import { parityGate, readReportCard } from "./promotion-gates.ts";
import type { PromotionGate } from "./promotion-gates.ts";
import { ALIASES, checkName, parseReference, parseVersion, toReference, toVersion } from "./references.ts";
import type { Alias } from "./references.ts";
import { openKeys } from "./signatures/keys.ts";
import type { SignedFile } from "./signatures/statement.ts";
import { REGISTRY_MIGRATIONS } from "./tables.ts";
import type { RegistryTables } from "./tables.ts";
import { VersionFolders } from "./version-folders.ts";
import type { NewVersion, Recovery } from "./version-folders.ts";

/** One version as it is listed; plain data. */
export interface VersionSummary {
  name: string;
  /** `v1`, `v2`, … growing, never reused. */
  version: string;
  /** `name@v1` */
  reference: string;
  folder: string;
  createdAt: string;
  origin: "trained" | "imported";
  license: string;
  bytes: number;
  aliases: readonly Alias[];
  /** sha256 of the public key that signed it. */
  keyHint: string;
}

export interface ModelSummary {
  name: string;
  aliases: Readonly<Partial<Record<Alias, string>>>;
  versions: readonly VersionSummary[];
}

export interface VersionDetails extends VersionSummary {
  lineage: Lineage;
  reportCard?: ReportCard;
}

/** A version whose every byte was checked just now. */
export interface ResolvedVersion extends VersionSummary {
  lineage: Lineage;
  files: readonly SignedFile[];
}

export interface AliasResult {
  name: string;
  aliases: Readonly<Partial<Record<Alias, string>>>;
  /** False when the alias pointed there already; then no history is written. */
  changed: boolean;
  note?: string;
}

export interface PromoteOptions {
  name: string;
  /** `v2` */
  version: string;
  /** Default `champion`. */
  alias?: Exclude<Alias, "previous">;
  /** Kept in the history: why. */
  reason: string;
  /** Who; default the user of this process. */
  actor?: string;
}

export interface RollbackOptions {
  name: string;
  reason: string;
  actor?: string;
}

export interface OpenRegistryOptions {
  /** All must allow a promotion; default: parity. */
  gates?: readonly PromotionGate[];
}

/**
 * Opens the registry of one HOMEGROWN_HOME, creating it when missing, and cleans up after dead processes.
 * Several processes may have it open. Close it, or let the process end.
 */
export async function openRegistry(home: string, options: OpenRegistryOptions = {}): Promise<Registry> {
  const paths = homePaths(home);
  const database = await openDatabase<RegistryTables>(paths.database, [REGISTRY_MIGRATIONS]);
  try {
    const catalogue = new Catalogue(database);
    const folders = new VersionFolders(paths, openKeys(paths.keys), catalogue);
    const recovery = await folders.recover();
    return new Registry(database, catalogue, folders, recovery, options.gates ?? [parityGate]);
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Versions, what they came from, and which of them serves. References: `name`, `name@v2`, `name:candidate`. */
export class Registry {
  /** What opening found of registrations that had died. */
  readonly recovery: Recovery;
  #database: Database<RegistryTables>;
  #catalogue: Catalogue;
  #folders: VersionFolders;
  #gates: readonly PromotionGate[];

  constructor(
    database: Database<RegistryTables>,
    catalogue: Catalogue,
    folders: VersionFolders,
    recovery: Recovery,
    gates: readonly PromotionGate[],
  ) {
    this.#database = database;
    this.#catalogue = catalogue;
    this.#folders = folders;
    this.recovery = recovery;
    this.#gates = gates;
  }

  /**
   * Makes the next version of `name` and signs it. When the promise resolves the version survives power loss;
   * when the process dies before, there is a whole version or none. No alias moves.
   */
  async register(version: NewVersion): Promise<VersionDetails> {
    checkName(version.name);
    const row = await this.#folders.create(version);
    return this.#details(row);
  }

  async list(): Promise<ModelSummary[]> {
    const rows = await this.#catalogue.versions();
    const names = [...new Set(rows.map((row) => row.name))];
    return Promise.all(
      names.map(async (name) => {
        const state = await this.#catalogue.aliases(name);
        const versions = rows.filter((row) => row.name === name).map((row) => this.#summary(row, state));
        return { name, aliases: toVersions(state), versions };
      }),
    );
  }

  /** Reads lineage and report card without checking the signature: for people to look at, not to load from. */
  async show(reference: string): Promise<VersionDetails> {
    return this.#details(await this.#catalogue.lookUp(parseReference(reference)));
  }

  /** What to load: hashes every file first and throws (kind `corrupt`) when anything differs from what was signed. */
  async resolve(reference: string): Promise<ResolvedVersion> {
    return this.#resolveRow(await this.#catalogue.lookUp(parseReference(reference)));
  }

  /** The same check as `resolve`, for a command that only wants to know. */
  async verify(reference: string): Promise<ResolvedVersion> {
    return this.resolve(reference);
  }

  /**
   * Points `alias` to `version` in one transaction; a champion that is replaced becomes `previous`. The version
   * is verified first and every gate must allow it (`registry/promotion-refused`, conflict).
   */
  async promote(options: PromoteOptions): Promise<AliasResult> {
    const { name, alias = "champion" } = options;
    const number = parseVersion(options.version);
    const resolved = await this.#resolveRow(await this.#catalogue.version(checkName(name), number));
    const note = await this.#passGates(resolved, alias);
    const change = { ...this.#change(options), action: "promote" as const, note };
    const { moves, state } = await this.#catalogue.moveAliases(change, (state) =>
      movesToPromote(state, alias, number),
    );
    return {
      name,
      aliases: toVersions(state),
      changed: moves.length > 0,
      ...(note === undefined ? {} : { note }),
    };
  }

  /** Champion and previous change places; a second rollback undoes the first. The version is verified first. */
  async rollback(options: RollbackOptions): Promise<AliasResult> {
    const name = checkName(options.name);
    const target = (await this.#catalogue.aliases(name)).previous;
    if (target !== undefined) await this.#folders.verify(await this.#catalogue.version(name, target));
    else await this.#catalogue.lookUp({ name, alias: "champion" });
    const change = { ...this.#change(options), action: "rollback" as const };
    const { state } = await this.#catalogue.moveAliases(change, (current) => {
      const moves = movesToRollBack(current);
      // Another process may have moved the aliases since: never point to what was not verified.
      if (!moves || current.previous !== target) throw noRollback(name, target === undefined);
      return moves;
    });
    return { name, aliases: toVersions(state), changed: true };
  }

  /** Every move of the aliases of `name`, oldest first. */
  async history(name: string): Promise<AliasHistoryEntry[]> {
    return this.#catalogue.history(checkName(name));
  }

  /** Grows when any alias moves, in whichever process: cheap enough to poll (one indexed read). */
  async aliasRevision(): Promise<number> {
    return this.#catalogue.aliasRevision();
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  async #passGates(version: ResolvedVersion, alias: Alias): Promise<string | undefined> {
    const notes: string[] = [];
    for (const gate of this.#gates) {
      const verdict = await gate(version);
      if (!verdict.allowed) {
        throw new HomegrownError({
          code: "registry/promotion-refused",
          kind: "conflict",
          message: `${version.reference} cannot become ${alias}: ${verdict.reason}`,
          hint: verdict.hint,
          details: { reference: version.reference, alias },
        });
      }
      if (verdict.note !== undefined) notes.push(verdict.note);
    }
    return notes.length > 0 ? notes.join("; ") : undefined;
  }

  async #resolveRow(row: VersionRow): Promise<ResolvedVersion> {
    const { files } = await this.#folders.verify(row);
    const lineage = await this.#folders.readLineage(row.name, row.number);
    return { ...this.#summary(row, await this.#catalogue.aliases(row.name)), lineage, files };
  }

  async #details(row: VersionRow): Promise<VersionDetails> {
    const summary = this.#summary(row, await this.#catalogue.aliases(row.name));
    const lineage = await this.#folders.readLineage(row.name, row.number);
    const reportCard = await readReportCard(summary.folder);
    return { ...summary, lineage, ...(reportCard ? { reportCard } : {}) };
  }

  #summary(row: VersionRow, state: AliasState): VersionSummary {
    return {
      name: row.name,
      version: toVersion(row.number),
      reference: toReference(row.name, row.number),
      folder: this.#folders.folder(row.name, row.number),
      createdAt: row.created_at,
      origin: row.origin,
      license: row.license,
      bytes: row.bytes,
      aliases: ALIASES.filter((alias) => state[alias] === row.number),
      keyHint: row.key_hint,
    };
  }

  #change({ name, reason, actor }: RollbackOptions): { name: string; reason: string; actor: string } {
    if (reason.trim() === "") {
      throw new HomegrownError({
        code: "registry/no-reason",
        kind: "invalid-input",
        message: `an alias of ${name} is to move without a reason`,
        hint: "Say why in a few words: it is kept in the history.",
      });
    }
    return { name, reason, actor: actor ?? currentUser() };
  }
}

function toVersions(state: AliasState): Partial<Record<Alias, string>> {
  const versions: Partial<Record<Alias, string>> = {};
  for (const alias of ALIASES) {
    const number = state[alias];
    if (number !== undefined) versions[alias] = toVersion(number);
  }
  return versions;
}

function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under an id that no user has.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

function noRollback(name: string, none: boolean): HomegrownError {
  return new HomegrownError({
    code: none ? "registry/no-previous" : "registry/aliases-moved",
    kind: "conflict",
    message: none
      ? `${name} has no previous champion to go back to`
      : `the aliases of ${name} moved while its previous champion was verified`,
    hint: none ? "Promote the version that you want instead." : "Look at the history and try again.",
    details: { name },
    retryable: !none,
  });
}
