import type { Decimal } from "decimal.js";
import type { Json, JsonSchema } from "../contract/json.ts";
import { toolFailure, type ToolWork } from "./tool.ts";

const parameters: JsonSchema = {
  type: "object",
  properties: {
    expression: {
      type: "string",
      minLength: 1,
      maxLength: 1000,
      description: "For example: (12.5 + 3) * 2^3 / sqrt(16)",
    },
  },
  required: ["expression"],
  additionalProperties: false,
};

/** Exact decimal arithmetic for models, which are bad at it. */
export const calculator: ToolWork = {
  name: "calculator",
  description:
    "Computes an arithmetic expression exactly, with 34 digits. Operators: + - * / % (remainder) ^ (power) ! (factorial), " +
    "parentheses. Functions: abs, sqrt, cbrt, exp, ln, log (base 10, or log(x, base)), log2, sin, cos, tan, asin, acos, " +
    "atan (radians), floor, ceil, trunc, round(x, digits), min, max, sum, mean, mod, pow, factorial, gcd. Constants: pi, e.",
  parameters,
  effect: "safe",
  async run({ expression }) {
    // Loaded at the first use: parser and decimals are 4 MB that most servers never need.
    const { evaluateArithmetic } = await import("./arithmetic.ts");
    const outcome = evaluateArithmetic(String(expression));
    if (outcome.problem !== undefined) return toolFailure(outcome.problem);
    return { output: { result: writeNumber(outcome.value), expression: String(expression) } };
  },
};

/** A JSON number when it says the same as the decimal, else its text: a model must not see digits that are not there. */
function writeNumber(value: Decimal): Json {
  const number = value.toNumber();
  return value.equals(number) ? number : value.toString();
}
