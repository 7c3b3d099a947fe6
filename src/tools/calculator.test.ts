import { describe, expect, it } from "vitest";
import { evaluateArithmetic } from "./arithmetic.ts";
import { calculator } from "./calculator.ts";
import { guardTool } from "./guard-tool.ts";
import type { ToolContext } from "./tool.ts";

const context: ToolContext = {
  callId: "tc",
  organizationId: "o",
  agentId: "a",
  executionId: "e",
  conversationId: "c",
  metadata: {},
  session: {},
  signal: new AbortController().signal,
};

const valueOf = (expression: string): string | undefined => evaluateArithmetic(expression).value?.toString();
const problemOf = (expression: string): string | undefined => evaluateArithmetic(expression).problem;

describe("arithmetic", () => {
  it.each([
    ["1 + 2 * 3", "7"],
    ["(1 + 2) * 3", "9"],
    ["0.1 + 0.2", "0.3"],
    ["-2^2", "-4"],
    ["(-2)^2", "4"],
    ["2^3^2", "512"],
    ["2^-1", "0.5"],
    ["2 ** 3", "8"],
    ["10 - 4 - 3", "3"],
    ["5 * -3", "-15"],
    ["-(2 + 3) * 4", "-20"],
    ["-7 % 3", "-1"],
    ["3!!", "720"],
    ["(1+2)!", "6"],
    ["-3!", "-6"],
    ["2!^2", "4"],
    ["6 ÷ 2 × 3", "9"],
    ["sqrt(16) + max(1, 2, 3)", "7"],
    ["round(2.345, 2)", "2.35"],
    ["round(-2.5)", "-3"],
    ["log(100)", "2"],
    ["log(8, 2)", "3"],
    ["gcd(12, 18)", "6"],
    ["mean(1, 2, 6)", "3"],
    ["PI", "3.141592653589793238462643383279503"],
    ["1/3", "0.3333333333333333333333333333333333"],
    ["9007199254740993 + 0", "9007199254740993"],
    ["1.0000001^1000000000", "2.688103701264923810505600301477504e+43"],
  ])("computes %s", (expression, value) => {
    expect(valueOf(expression)).toBe(value);
  });

  it.each([
    ["1/0", /Division by zero/],
    ["5 % 0", /Division by zero/],
    ["0^-1", /Division by zero/],
    ["sqrt(-1)", /not a number/],
    ["", /Expected one arithmetic expression/],
    ["()", /empty/],
    ["1 +", /cannot be read/],
    ["((1)", /cannot be read/],
    ["2 pi", /Expected one arithmetic expression/],
    ["2(3)", /Expected one arithmetic expression/],
    ["1,000 + 5", /Expected one arithmetic expression/],
    ["max()", /takes 1 to 100 arguments, came 0/],
    ["sqrt", /in parentheses/],
    ["speed * 2", /name speed is not known/],
    ["round(1, 0.5)", /whole number/],
  ])("says what is wrong with %s", (expression, problem) => {
    expect(problemOf(expression)).toMatch(problem);
  });
});

describe("hostile input", () => {
  it.each([
    "constructor",
    "__proto__",
    "this",
    "process",
    "globalThis",
    "constructor(1)",
    "hasOwnProperty(1)",
    "sqrt.constructor",
    "sqrt.constructor('return process')()",
    "(1).constructor",
    "1['constructor']",
    "[1, 2]",
    "'a' + 'b'",
    "`${process}`",
    "x = 5",
    "1; 2",
    "(() => 1)()",
    "1 ? 2 : 3",
    "typeof 1",
    "new Date()",
  ])("reaches nothing: %s", (expression) => {
    expect(evaluateArithmetic(expression).value).toBe(undefined);
  });

  it.each([
    "9^9^9^9",
    "1e999999999999",
    "1e2900 * 1e2900",
    "exp(1e2900)",
    "1000000!",
    "factorial(1e9)",
    "9!!!",
    "sin(1e300)",
    "1e2900 % 7",
    "gcd(1e2900, 3)",
    "round(1, 1e9)",
    "(".repeat(500),
  ])("is refused rather than computed: %.30s", (expression) => {
    expect(problemOf(expression)).toBeDefined();
  });

  it("that is nested deep is computed or refused, never a crash", () => {
    expect(valueOf(`${"(".repeat(400)}1${")".repeat(400)}`)).toBe("1");
    expect(valueOf(`${"-".repeat(990)}1`)).toBe("1");
    expect(problemOf("-".repeat(100_000))).toBeDefined();
  });

  it("of a huge tangent argument is answered at once", () => {
    expect(valueOf("atan(1e2900)")).toBe("1.570796326794896619231321691639751");
  });
});

describe("the tool", () => {
  const tool = guardTool(calculator, ({ error }) => {
    throw error;
  });

  it("answers with a number where that says the same, else with text", async () => {
    expect((await tool.call({ expression: "0.1+0.2" }, context)).output).toEqual({
      expression: "0.1+0.2",
      result: 0.3,
    });
    expect((await tool.call({ expression: "1/3" }, context)).output).toMatchObject({
      result: "0.3333333333333333333333333333333333",
    });
    expect((await tool.call({ expression: "9007199254740993" }, context)).output).toMatchObject({
      result: "9007199254740993",
    });
  });

  it("takes at most 1000 characters", async () => {
    expect((await tool.call({ expression: "1+".repeat(600) }, context)).error?.message).toContain("1000 characters");
  });
});
