import { expect, test } from "vitest";
import { compileSeccompFilter } from "./seccomp-filter.ts";

const allow = 0x7fff_0000;
const kill = 0x8000_0000;
const fail = (errno: number) => 0x0005_0000 | errno;
const audit = { x64: 0xc000_003e, arm64: 0xc000_00b7 };

/** Runs a program as the kernel would, for one call. */
function run(filter: Buffer, call: { architecture: number; number: number; arguments?: readonly number[] }): number {
  const [first = 0, second = 0] = call.arguments ?? [];
  const data: Record<number, number> = { 0: call.number, 4: call.architecture, 16: first, 24: second };
  let loaded = 0;
  for (let at = 0; at < filter.length; at += 8) {
    const value = filter.readUInt32LE(at + 4);
    const jump = (taken: boolean) => (at += 8 * filter.readUInt8(at + (taken ? 2 : 3)));
    const code = filter.readUInt16LE(at);
    if (code === 0x06) return value;
    if (code === 0x20) loaded = data[value] ?? Number.NaN;
    else if (code === 0x15) jump(loaded === value);
    else if (code === 0x35) jump(loaded >= value);
    else if (code === 0x45) jump((loaded & value) !== 0);
    else throw new Error(`unknown instruction ${code}`);
  }
  throw new Error("the program has no end");
}

test.each([
  ["x64", { read: 0, clone: 56, socket: 41, ioctl: 16, ptrace: 101, keyctl: 250, mount: 165 }],
  ["arm64", { read: 63, clone: 220, socket: 198, ioctl: 29, ptrace: 117, keyctl: 219, mount: 40 }],
] as const)("on %s what programs need passes, and the rest is refused", (architecture, numbers) => {
  const filter = compileSeccompFilter(architecture) ?? Buffer.alloc(0);
  const answer = (number: number, ...args: number[]) =>
    run(filter, { architecture: audit[architecture], number, arguments: args });
  expect(answer(numbers.read)).toBe(allow);
  for (const refused of [numbers.ptrace, numbers.keyctl, numbers.mount, 428, 430, 438]) {
    expect(answer(refused)).toBe(fail(1));
  }
  for (const unknown of [425, 435]) expect(answer(unknown)).toBe(fail(38));
  expect(answer(numbers.clone, 0x11)).toBe(allow);
  expect(answer(numbers.clone, 0x1000_0011)).toBe(fail(1));
  expect(answer(numbers.clone, 0x0002_0011)).toBe(fail(1));
  for (const family of [1, 2, 10, 16]) expect(answer(numbers.socket, family)).toBe(allow);
  for (const family of [17, 38, 40]) expect(answer(numbers.socket, family)).toBe(fail(97));
  expect(answer(numbers.ioctl, 0, 0x5413)).toBe(allow);
  expect(answer(numbers.ioctl, 0, 0x5412)).toBe(fail(1));
});

test("calls by another convention are the program's end", () => {
  const filter = compileSeccompFilter("x64") ?? Buffer.alloc(0);
  expect(run(filter, { architecture: 0x4000_0003, number: 20 })).toBe(kill);
  expect(run(filter, { architecture: audit.x64, number: 0x4000_0000 + 39 })).toBe(kill);
});

test("there is no filter for an architecture that nobody has looked at", () => {
  expect(compileSeccompFilter("riscv64")).toBeUndefined();
});
