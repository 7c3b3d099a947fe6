import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const documents = globSync(["*.md", "{docs,client,examples}/**/*.md"], {
  cwd: root,
  exclude: (path) => path.includes("node_modules"),
});
const sources = globSync("src/**", { cwd: root });

function textOf(document: string): string {
  return readFileSync(join(root, document), "utf8");
}

/** Targets of links that lead to nothing in the repository. */
function deadLinks(document: string, text: string): string[] {
  const targets = Array.from(text.matchAll(/\]\(([^)#]+)[^)]*\)/g), ([, target = ""]) => target);
  return targets.filter((target) => !/^https?:/.test(target) && !existsSync(join(root, dirname(document), target)));
}

/** Names of files and folders that are not there. Below `src/` the front of a path may be left out where it is clear. */
function unknownPaths(text: string): string[] {
  const names = Array.from(text.matchAll(/`([a-z][\w./-]*(?:\/|\.(?:ts|json)))`/g), ([, name = ""]) => name);
  const isThere = (name: string) =>
    existsSync(join(root, name)) || sources.some((path) => path.endsWith(`/${name.replace(/\/$/, "")}`));
  return names.filter((name) => !isThere(name));
}

test("every link of a document leads to a file", () => {
  expect(documents.length).toBeGreaterThan(10);
  expect(documents.flatMap((document) => deadLinks(document, textOf(document)))).toEqual([]);
});

test("every file that ARCHITECTURE.md names is there", () => {
  expect(unknownPaths(textOf("ARCHITECTURE.md"))).toEqual([]);
});

test("a dead link and a file that is gone are found", () => {
  expect(deadLinks("docs/api.md", "[a](../README.md) [b](charm.md#models) [c](gone.md)")).toEqual(["gone.md"]);
  expect(unknownPaths("`engine/engine.ts` `protocol/` `test/` `engine/gone.ts` `gone/`")).toEqual([
    "engine/gone.ts",
    "gone/",
  ]);
});
