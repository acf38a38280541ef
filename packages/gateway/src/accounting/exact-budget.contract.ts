import { after, before, describe, test } from "node:test";
import { checkRefusals, checkRows, checkSum, spendBudget, spendTheRest } from "./exact-budget.fixture.ts";
import type { Spending } from "./exact-budget.fixture.ts";
import type { SceneStore } from "./scene.fixture.ts";

export function describeExactBudget(
  name: string,
  openStore: () => Promise<SceneStore>,
  numGateways: number,
): void {
  describe(`200 clients against $1.00: ${name}`, () => {
    let spending: Spending;
    before(async () => {
      spending = await spendBudget(openStore, numGateways, 7);
    });
    after(() => spending.scene.close());

    test("spends no more than it, and the ledger's rows are its sum", () => checkSum(spending));
    test("has one row for each request, with what the provider counted", () => checkRows(spending));
    test("refuses as each protocol says it, and only when nothing more fits", () => checkRefusals(spending));
    test("and what is left can be spent to the last request", async () =>
      void (await spendTheRest(spending)));
  });
}
