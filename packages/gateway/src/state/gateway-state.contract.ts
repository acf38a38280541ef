// What the gateway's state must do on every engine.
import { after, before, describe } from "node:test";
import { budgetsServeContract } from "../budgets/budgets-serve.contract.ts";
import { budgetsContract } from "../budgets/budgets.contract.ts";
import { ledgerContract } from "../ledger/ledger.contract.ts";
import { recoveryContract } from "./recovery.contract.ts";
import { StateContext } from "./contract.fixture.ts";
import type { ContractStore } from "./contract.fixture.ts";

export function describeGatewayState(name: string, openStore: () => Promise<ContractStore>): void {
  describe(`gateway state on ${name}`, () => {
    const context = new StateContext(openStore);
    before(() => context.open());
    after(() => context.close());
    ledgerContract(context);
    budgetsContract(context);
    budgetsServeContract(context);
    recoveryContract(context);
  });
}
