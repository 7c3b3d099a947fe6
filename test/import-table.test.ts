import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const source = resolve(import.meta.dirname, "../src");

/** The table of ARCHITECTURE.md: what the code of a folder may import, besides itself and libraries. */
const allowed: Record<string, readonly string[]> = {
  contract: [],
  config: ["contract"],
  telemetry: ["contract"],
  store: ["contract", "telemetry"],
  egress: ["contract", "telemetry"],
  sandbox: ["contract", "telemetry"],
  models: ["contract", "telemetry", "egress", "sandbox"],
  browser: ["contract", "telemetry", "egress", "sandbox"],
  tools: ["contract", "telemetry", "egress", "sandbox", "browser"],
  engine: ["contract", "telemetry", "store"],
  runtimes: ["contract", "telemetry", "egress", "models", "tools", "browser", "sandbox", "engine/program.ts"],
  operations: ["contract", "telemetry", "store", "engine"],
  http: ["contract", "telemetry", "operations"],
  cli: ["contract", "config", "models", "egress", "store", "sandbox", "platform.ts"],
};

/** `folder/file.ts` of every import in a file that stays within `src`. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), "utf8");
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1] ?? "");
  return specifiers
    .map((specifier) => relative(source, resolve(source, dirname(file), specifier)))
    .filter((target) => !target.startsWith(".."));
}

function violations(file: string, targets: readonly string[]): string[] {
  const [folder = ""] = file.split("/");
  const dialect = /^http\/dialects\/([^/]+)\//.exec(file)?.[1];
  return targets.filter((target) => {
    const other = /^http\/dialects\/([^/]+)\//.exec(target)?.[1];
    if (dialect !== undefined && other !== undefined) return other !== dialect;
    if (target.startsWith(`${folder}/`)) return false;
    return !(allowed[folder] ?? []).some((name) => target === name || target.startsWith(`${name}/`));
  });
}

test("every folder imports only what the table of ARCHITECTURE.md allows", () => {
  const files = globSync("*/**/*.ts", { cwd: source }).filter((file) => !file.endsWith(".test.ts"));
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((file) => violations(file, importsOf(file)).map((target) => `${file} → ${target}`));
  expect(found).toEqual([]);
});

test("ARCHITECTURE.md has each folder, and the same table", () => {
  const text = readFileSync(join(source, "../ARCHITECTURE.md"), "utf8");
  const rows = Array.from(text.matchAll(/^\| `([a-z]+)` \| .* \| (.*) \|$/gm), ([, folder = "", imports = ""]) => {
    const names = imports.replaceAll("`", "").split(", ");
    return [folder, new Set(names.filter((name) => name !== "nothing"))] as const;
  });
  const folders = globSync("*/", { cwd: source }).map((path) => path.replace(/\/$/, ""));
  expect(new Set(rows.map(([folder]) => folder))).toEqual(new Set(folders));
  for (const [folder, names] of rows) {
    if (folder === "cli") continue; // its row tells command from command
    expect([folder, names]).toEqual([
      folder,
      new Set(allowed[folder]?.filter((name) => existsSync(join(source, name)))),
    ]);
  }
});

test("an import against the table is found", () => {
  expect(violations("runtimes/chat/chat.ts", ["store/database.ts", "engine/engine.ts"])).toHaveLength(2);
  expect(violations("sandbox/launch.ts", ["egress/outbound.ts", "config/settings.ts"])).toHaveLength(2);
  expect(violations("http/dialects/native/a.ts", ["http/dialects/charm/b.ts"])).toHaveLength(1);
  expect(violations("http/dialects/native/a.ts", ["http/server.ts", "operations/operations.ts"])).toEqual([]);
});
