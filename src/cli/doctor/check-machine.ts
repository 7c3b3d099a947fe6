import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { absent, type Finding, found, missing } from "./check.ts";
import { firstThatRuns } from "./run-program.ts";

const leastNode = [24, 15, 0];
/** Older ones can corrupt a WAL database: https://www.sqlite.org/wal.html#walresetbug */
const leastSqlite = [3, 51, 3];

export function checkNode(version: string): Finding {
  const needed = leastNode.join(".");
  if (isAtLeast(version, leastNode)) return found("Node.js", version);
  return missing(
    "Node.js",
    `${version}; ${needed} or newer is needed`,
    "Run through the npm scripts, which bring their own, or install a newer Node.js.",
  );
}

export async function checkSqlite(): Promise<Finding> {
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(":memory:");
  try {
    const version = String(database.prepare("select sqlite_version() as version").get()?.["version"]);
    if (isAtLeast(version, leastSqlite)) return found("SQLite", version);
    return missing(
      "SQLite",
      `${version}; ${leastSqlite.join(".")} or newer is needed`,
      "It comes with Node.js: install a newer one.",
    );
  } finally {
    database.close();
  }
}

/** The directory itself, or when it is not there yet, the nearest one above it that is. */
export function checkDataDirectory(dataDir: string): Finding {
  const path = resolve(dataDir);
  let nearest = path;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    if (!statSync(nearest).isDirectory()) throw new Error("not a directory");
    accessSync(nearest, constants.W_OK | constants.X_OK);
  } catch {
    return missing(
      "data directory",
      `${path} cannot be written`,
      "Give this user the right to write there, or set RUNYARD_DATA_DIR.",
    );
  }
  return found("data directory", nearest === path ? path : `${path} (made at first start)`);
}

export async function checkPython(): Promise<Finding> {
  const python = await firstThatRuns(["python3", "python"], ["--version"]);
  if (python === undefined) {
    return absent(
      "Python",
      "not found; code agents in Python need it",
      "Install python3 3.10 or newer from your system's packages.",
    );
  }
  const pip = await firstThatRuns([python.program], ["-m", "pip", "--version"]);
  if (pip === undefined) {
    return absent(
      "Python",
      `${python.line}, without pip`,
      "Install python3-pip: `runyard models pull` fetches the default model with it.",
    );
  }
  return found("Python", `${python.line}, ${pip.line.split(" from ")[0]}`);
}

export async function checkChromium(): Promise<Finding> {
  const chromium = await firstThatRuns(
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    ["--version"],
  );
  if (chromium !== undefined) return found("Chromium", chromium.line.trim());
  return absent("Chromium", "not found; browser agents need it", "Install `chromium` from your system's packages.");
}

/** Compares the leading numbers of a version with the least ones, in order. */
export function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.replace(/^\D+/, "").split(/\D+/).map(Number);
  for (const [index, wanted] of least.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}
