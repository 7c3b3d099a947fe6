import type { StoredFile } from "../../../contract/file.ts";
import { spellId } from "../../../contract/ids.ts";
import type { WireFile } from "./schemas/file.ts";
import { renderTime } from "./time.ts";

export function renderFile(file: StoredFile): WireFile {
  return {
    id: spellId("file", file.id),
    name: file.name,
    type: file.type,
    size: file.sizeBytes,
    sha256: file.sha256,
    createdAt: renderTime(file.createdAt),
  };
}
