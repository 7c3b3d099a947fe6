import { openBeneath } from "../../sandbox/program-folder.ts";
import type { Redactor } from "./protocol/redact.ts";
import type { ProgramRun } from "./run-program.ts";
import { findArtefacts } from "./workspace/find-artefacts.ts";
import { mediaType } from "./workspace/media-type.ts";

/** Keeps what the program has made as files of the organization, and says so. The program and all it started are dead. */
export async function keepArtefacts(
  { ctx, step, runtime }: Pick<ProgramRun, "ctx" | "step" | "runtime">,
  { work, originals, redactor }: { work: string; originals: readonly string[]; redactor: Redactor },
): Promise<void> {
  const { kept, leftOut } = await findArtefacts(work, originals);
  for (const artefact of kept) {
    step.signal.throwIfAborted();
    const name = redactor.text(artefact.name);
    const type = mediaType(artefact.name);
    const handle = await openBeneath(work, artefact.name);
    const content = handle.createReadStream({ end: Math.max(0, artefact.sizeBytes - 1) });
    const file = await runtime.parts.keepFile(
      { organizationId: ctx.organizationId, executionId: ctx.executionId },
      { name, type, content },
    );
    step.emit({ type: "file-produced", body: { fileId: file.fileId, name, type, sizeBytes: file.sizeBytes } });
  }
  if (leftOut === 0) return;
  const text = `${leftOut} more ${leftOut === 1 ? "file was" : "files were"} not kept: too many, or too large.`;
  step.emit({ type: "status-noted", body: { text } });
}
