import { expect, test } from "vitest";
import { bubblewrapArguments } from "./bubblewrap-arguments.ts";

const common = { system: ["--ro-bind", "/usr", "/usr"], filtered: true, locate: (path: string) => `/staged${path}` };
const limits = {
  wallMs: 1,
  cpuSeconds: 1,
  memoryBytes: 1,
  processes: 1,
  openFiles: 1,
  diskBytes: 4096,
  outputBytes: 1,
};
const options = { workingDirectory: "/w", environment: { A: "b c" }, mounts: [], limits };

test("mounts come after the system, the root becomes read-only after all mounts", () => {
  const mounts = [{ source: "/data/ws", target: "/w", access: "write" as const }];
  const list = bubblewrapArguments(common, { ...options, mounts }).split("\0");
  const at = (word: string) => list.indexOf(word);
  expect(list.slice(at("--bind"), at("--bind") + 3)).toEqual(["--bind", "/staged/data/ws", "/w"]);
  expect(at("/usr")).toBeLessThan(at("--bind"));
  expect(list.lastIndexOf("--remount-ro")).toBeGreaterThan(at("--bind"));
  expect(list.slice(at("--setenv"))).toEqual(["--setenv", "A", "b c", ""]);
});

test.each([
  [{ ...options, environment: { A: "\0--bind" } }],
  [{ ...options, environment: { "": "x" } }],
  [{ ...options, environment: { "A=B": "x" } }],
  [{ ...options, workingDirectory: "w" }],
  [{ ...options, mounts: [{ source: "/a", target: "../b", access: "read" as const }] }],
  [{ ...options, mounts: [{ source: "/a\0--dev-bind", target: "/b", access: "read" as const }] }],
])("what would be read as something else is refused: %j", (bad) => {
  expect(() => bubblewrapArguments(common, bad)).toThrow(expect.objectContaining({ code: "invalid_field_value" }));
});
