import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startProcess } from "./start-process.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runyard-start-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a server that cannot, and gives what it exits with and says. */
async function refusal(environment: Record<string, string>): Promise<{ code: number; said: string }> {
  await using server = startProcess("src/main.ts", ["--log-level", "silent"], {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    RUNYARD_DATA_DIR: join(folder, "data"),
    RUNYARD_PORT: "0",
    ...environment,
  });
  const code = await server.ended;
  return { code, said: server.stderr() };
}

test("a port that is taken ends the start, with the port and what to do", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  try {
    const { code, said } = await refusal({ RUNYARD_PORT: String(address.port) });
    expect(said).toContain(`${address.port}`);
    expect(said).toMatch(/taken by another program.*RUNYARD_PORT/);
    expect(code).toBe(1);
  } finally {
    other.close();
  }
});

test("a data directory that is a file ends the start, by its name", async () => {
  const path = join(folder, "file");
  writeFileSync(path, "");
  const { code, said } = await refusal({ RUNYARD_DATA_DIR: path });
  expect(said).toContain(`The data directory ${path} cannot be used`);
  expect(code).toBe(1);
});

test("a database file that is none ends the start, by its name", async () => {
  writeFileSync(join(folder, "runyard.db"), "x".repeat(8192));
  const { code, said } = await refusal({ RUNYARD_DATA_DIR: folder });
  expect(said).toContain(`The database ${join(folder, "runyard.db")} cannot be used: file is not a database`);
  expect(code).toBe(1);
});

test("a Postgres that does not answer ends the start, by its address without the password", async () => {
  const { code, said } = await refusal({ RUNYARD_DATABASE_URL: "postgres://runyard:hidden@127.0.0.1:1/runyard" });
  expect(said).toMatch(/The Postgres database at 127\.0\.0\.1:1, "runyard", cannot be used/);
  expect(said).not.toContain("hidden");
  expect(code).toBe(1);
});
