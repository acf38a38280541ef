import { describeExactBudget } from "./exact-budget.contract.ts";
import { createSqliteStore } from "./scene.fixture.ts";

describeExactBudget("one gateway", createSqliteStore, 1);
describeExactBudget("two gateways on one SQLite file", createSqliteStore, 2);
