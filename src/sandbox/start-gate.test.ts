import { spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { descriptors } from "./bubblewrap-arguments.ts";
import { gateComplaint, gatedCommand, openGate } from "./start-gate.ts";

function start(command: readonly string[]) {
  const [shell = "", ...args] = gatedCommand(command);
  const child = spawn(shell, args, {
    stdio: ["ignore", "pipe", "pipe", "ignore", "ignore", "ignore", "ignore", "pipe"],
  });
  const gate: unknown = [...child.stdio][descriptors.gate];
  const { stdout, stderr } = child;
  if (!(gate instanceof Socket) || stdout === null || stderr === null) throw new Error("a pipe is missing");
  return { child, gate, ended: Promise.all([once(child, "exit"), text(stdout), text(stderr)]) };
}

test("a program runs once its gate is opened, with nothing of the gate left", async () => {
  const { child, ended } = start(["sh", "-c", `echo ran; echo left 2>/dev/null >&${descriptors.gate}`]);
  openGate(child);
  const [[code], printed] = await ended;
  expect(printed).toBe("ran\n");
  expect(code).not.toBe(0);
});

test("a program whose starter died never runs", async () => {
  const { gate, ended } = start(["echo", "ran"]);
  gate.once("data", () => gate.destroy());
  const [[code], printed] = await ended;
  expect([code, printed]).toEqual([1, ""]);
});

test("a program that is not there is complained of", async () => {
  const { child, ended } = start(["no-such-program"]);
  openGate(child);
  const [[code], , complaint] = await ended;
  expect(code).toBe(127);
  expect(complaint).toMatch(gateComplaint);
});
