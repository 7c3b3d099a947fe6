import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const main = new URL("./main.ts", import.meta.url).pathname;

function versionAt(home: string) {
  const child = spawnSync(process.execPath, [main, "--version"], { env: { HOME: home }, timeout: 20_000 });
  return { status: child.status, said: child.stdout.toString() };
}

test("a home that is not there, or takes no folder, is only slower", () => {
  for (const home of ["/nonexistent", "/proc", "/dev/null"]) {
    expect(versionAt(home)).toEqual({ status: 0, said: expect.stringMatching(/^\d/) });
  }
});

test("compiled code is kept where its user alone may write", () => {
  const home = mkdtempSync(join(tmpdir(), "runyard-home-"));
  try {
    expect(versionAt(home).status).toBe(0);
    const folder = join(home, ".cache", "runyard", "compiled");
    expect(existsSync(folder)).toBe(true);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
