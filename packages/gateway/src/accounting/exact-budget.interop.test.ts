// The same on a real Postgres, as two machines would share it.
import { startPostgres } from "@homegrown/testing";
import { describeExactBudget } from "./exact-budget.contract.ts";

describeExactBudget(
  "two gateways on Postgres",
  async () => {
    const server = await startPostgres();
    return {
      location: { kind: "postgres", url: await server.newDatabase() },
      remove: () => server.stop(),
    };
  },
  2,
);
