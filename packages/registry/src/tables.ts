// The registry's tables. What a version is stands in its folder; the database says which versions count, and
// where the aliases point and pointed.
import { sql } from "@homegrown/storage";
import type { Generated, MigrationSet } from "@homegrown/storage";

export interface RegistryTables {
  registry_versions: {
    name: string;
    number: number;
    created_at: string;
    origin: "trained" | "imported";
    license: string;
    bytes: number;
    /** sha256 of the public key that signed the folder. */
    key_hint: string;
    /** sha256 of `model.sig`: it covers all other files, this covers it. */
    signature_sha256: string;
  };
  registry_aliases: { name: string; alias: string; number: number };
  registry_alias_history: {
    /** Grows with every move of any alias: the registry's revision. */
    id: Generated<number>;
    name: string;
    alias: string;
    from_number: number | null;
    to_number: number | null;
    action: "promote" | "rollback";
    reason: string;
    note: string | null;
    actor: string;
    at: string;
  };
}

export const REGISTRY_MIGRATIONS: MigrationSet = {
  owner: "registry",
  migrations: [
    {
      name: "create-versions-and-aliases",
      up: async (db) => {
        await sql`create table registry_versions (
          name text not null,
          number integer not null,
          created_at text not null,
          origin text not null,
          license text not null,
          bytes integer not null,
          key_hint text not null,
          signature_sha256 text not null,
          primary key (name, number)
        ) strict`.execute(db);
        await sql`create table registry_aliases (
          name text not null,
          alias text not null,
          number integer not null,
          primary key (name, alias),
          foreign key (name, number) references registry_versions (name, number)
        ) strict`.execute(db);
        await sql`create table registry_alias_history (
          id integer primary key autoincrement,
          name text not null,
          alias text not null,
          from_number integer,
          to_number integer,
          action text not null,
          reason text not null,
          note text,
          actor text not null,
          at text not null
        ) strict`.execute(db);
        await sql`create index registry_alias_history_of_name on registry_alias_history (name, id)`.execute(
          db,
        );
      },
    },
  ],
};
