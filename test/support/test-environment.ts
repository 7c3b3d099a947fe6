import { readFileSync } from "node:fs";

type TestSetting =
  | "RUNYARD_TEST_POSTGRES_URL"
  | "RUNYARD_TEST_DATA_DIR"
  | "RUNYARD_TEST_CHARM_CLI"
  | "RUNYARD_TEST_WHEELS";

const file = new URL("../../.runyard-test/env", import.meta.url);

/**
 * What `scripts/setup` has found or made on this machine.
 * @throws Error that says to run it, when it has not
 */
export function testSetting(name: TestSetting): string {
  const line = readLines().find((text) => text.startsWith(`${name}=`));
  if (line === undefined) throw new Error(`Expected ${name} in .runyard-test/env. Run: npm run setup`);
  return line.slice(name.length + 1);
}

function readLines(): string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}
