import type { Id } from "./ids.ts";

/** A named file of an organization; its bytes are a blob found by hash. */
export interface StoredFile {
  id: Id;
  organizationId: Id;
  name: string;
  /** Media type. */
  type: string;
  sizeBytes: number;
  /** Lower-case hex SHA-256 of the bytes. */
  sha256: string;
  createdAt: number;
}
