import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { buildProgram } from "./build-program.ts";
import { readCompletionTree, renderCompletion } from "./completion-script.ts";
import { fakeTerminal } from "../../test/cli/fake-terminal.ts";

async function tree() {
  const { program } = await buildProgram(fakeTerminal(), "1.0.0", () => true);
  return readCompletionTree(program);
}

/** What bash offers after these words, the last of which is being written. */
function offered(script: string, words: string[]): string[] {
  const line = words.map((word) => `'${word}'`).join(" ");
  const ask = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _runyard; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["--norc", "-c", ask], { encoding: "utf8" })
    .split("\n")
    .filter((word) => word !== "");
}

test("bash completes commands, subcommands and flags, also after values", async () => {
  const script = renderCompletion("bash", await tree());
  expect(offered(script, ["runyard", "agen"])).toEqual(["agents"]);
  expect(offered(script, ["runyard", "agents", "ro"])).toEqual(["rollback"]);
  expect(offered(script, ["runyard", "agents", "create", "--name", "x", "--mod"])).toEqual(["--model"]);
  expect(offered(script, ["runyard", "--json", "keys", "create", "--sc"])).toEqual(["--scope"]);
});

test("every command is in the script of every shell", async () => {
  const places = await tree();
  expect(places.length).toBeGreaterThan(40);
  for (const shell of ["bash", "zsh", "fish"] as const) {
    const script = renderCompletion(shell, places);
    for (const { path } of places) expect(script).toContain(path.join(" "));
  }
});

test("a description with a quote keeps the scripts whole", () => {
  const place = { path: [], commands: [{ name: "a", summary: "the server's own: $HOME" }], flags: [] };
  expect(renderCompletion("zsh", [place])).toContain("'a:the server'\\''s own: $HOME'");
  expect(renderCompletion("fish", [place])).toContain("'the server\\'s own: $HOME'");
});
