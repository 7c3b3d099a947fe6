import type { Id } from "../contract/ids.ts";
import { toStatement } from "../store/database.ts";
import { UnitRejected } from "../store/statement.ts";
import { jobNotFound } from "./job-row.ts";
import type { Caller } from "./operations.ts";
import type { OperationParts } from "./parts.ts";
import { requireScope } from "./scopes.ts";

/** Nothing more is started; what runs goes on. */
export async function deleteJob(
  { database }: Pick<OperationParts, "database">,
  caller: Caller,
  jobId: Id,
): Promise<void> {
  requireScope(caller, "agents:execute");
  const remove = toStatement(
    database.builder.deleteFrom("job").where("id", "=", jobId).where("organization_id", "=", caller.organization.id),
    { expectsRow: true },
  );
  try {
    await database.write([remove]);
  } catch (error) {
    if (error instanceof UnitRejected) throw jobNotFound(jobId);
    throw error;
  }
}
