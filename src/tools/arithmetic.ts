import { Decimal } from "decimal.js";
import jsep from "jsep";
import { runBounded } from "./run-bounded.ts";

/** 34 digits, as in IEEE 754 decimal128; enough exponent for 1000!. */
const Number34 = Decimal.clone({ precision: 34, maxE: 3000, minE: -3000, toExpNeg: -20, toExpPos: 34, modulo: 1 });

const timeoutMs = 100;

export type ArithmeticResult = { value: Decimal; problem?: undefined } | { value?: undefined; problem: string };

/**
 * Computes an expression. It is parsed into a tree of which only the node types named here are computed: there is nothing
 * in it to look up, so no name of an expression ever reaches a JavaScript object.
 * @returns the value, or in words for the model why there is none
 */
export function evaluateArithmetic(expression: string): ArithmeticResult {
  configureParser();
  try {
    // Arguments that are known to take long are refused below; the limit is for those that are not known.
    const outcome = runBounded(() => evaluate(parse(expression)), timeoutMs);
    if (outcome === undefined) throw new Problem("The expression takes too long to compute.");
    const { value } = outcome;
    if (value.isNaN()) throw new Problem("The result is not a number.");
    if (!value.isFinite()) throw new Problem("The result is too large, or a division by zero.");
    return { value };
  } catch (error) {
    if (error instanceof Problem) return { problem: error.message };
    if (error instanceof RangeError) return { problem: "The expression is nested too deep." };
    throw error;
  }
}

/** What is wrong with the expression. */
class Problem extends Error {}

function parse(expression: string): jsep.Expression {
  try {
    return jsep(expression);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const detail = error instanceof Error ? error.message : "it cannot be read";
    throw new Problem(`The expression cannot be read: ${detail}.`);
  }
}

const groupType = "Group";
const factorialType = "Factorial";
let configured = false;

/** Narrows the parser, which reads JavaScript expressions, to arithmetic as people write it. */
function configureParser(): void {
  if (configured) return;
  configured = true;
  jsep.removeAllUnaryOps();
  jsep.removeAllBinaryOps();
  jsep.removeAllLiterals();
  for (const operator of ["+", "-"]) {
    jsep.addUnaryOp(operator);
    jsep.addBinaryOp(operator, 1);
  }
  for (const operator of ["*", "/", "%", "×", "÷"]) jsep.addBinaryOp(operator, 2);
  for (const operator of ["^", "**"]) jsep.addBinaryOp(operator, 3, true);
  // Parentheses are kept as a node: -2^2 and (-2)^2 are different numbers, and the parser binds a sign tighter than ^.
  jsep.hooks.add("gobble-token", function (env) {
    if (this.char === "(") env.node = withFactorials(this, { type: groupType, body: this.gobbleGroup() });
    else if (/[\d.]/.test(this.char)) {
      const number = this.gobbleNumericLiteral();
      if (number !== undefined) env.node = withFactorials(this, number);
    }
  });
  jsep.hooks.add("after-token", function (env) {
    if (env.node?.type === "CallExpression" || env.node?.type === "Identifier") {
      env.node = withFactorials(this, env.node);
    }
  });
}

function withFactorials(parser: jsep.HookScope, operand: jsep.Expression): jsep.Expression {
  let node = operand;
  for (;;) {
    parser.gobbleSpaces();
    if (parser.char !== "!") return node;
    parser.index += 1;
    node = { type: factorialType, argument: node };
  }
}

function evaluate(node: unknown): Decimal {
  if (!isNode(node)) throw new Problem("The expression is empty, or a part of it is.");
  switch (node["type"]) {
    case "Literal":
      return readNumber(node["raw"]);
    case groupType:
      return evaluate(node["body"]);
    case factorialType:
      return factorial(evaluate(node["argument"]));
    case "UnaryExpression": {
      const value = evaluate(node["argument"]);
      return node["operator"] === "-" ? value.negated() : value;
    }
    case "BinaryExpression":
      return evaluateBinary(node);
    case "Identifier":
      return evaluateName(node["name"]);
    case "CallExpression":
      return evaluateCall(node);
    default:
      throw new Problem(
        "Expected one arithmetic expression of numbers, operators, parentheses and the named functions; " +
          "write * for every multiplication.",
      );
  }
}

function isNode(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readNumber(raw: unknown): Decimal {
  // Text literals have quotes, which no number has.
  if (typeof raw !== "string" || !/^[\d.]/.test(raw)) throw new Problem("Expected a number, came text.");
  return new Number34(raw).toSignificantDigits(34);
}

function evaluateBinary(node: Record<string, unknown>): Decimal {
  const { operator, left, right } = node;
  if (operator === "^" || operator === "**") return evaluatePower(left, right);
  const a = evaluate(left);
  const b = evaluate(right);
  switch (operator) {
    case "+":
      return a.plus(b);
    case "-":
      return a.minus(b);
    case "*":
    case "×":
      return a.times(b);
    case "/":
    case "÷":
      return divide(a, b);
    case "%":
      return remainder(a, b);
    default:
      throw new Problem(`The operator ${String(operator)} is not known.`);
  }
}

/** A sign before the base belongs to the whole power: -2^2 is -(2^2). */
function evaluatePower(left: unknown, right: unknown): Decimal {
  if (isNode(left) && left["type"] === "UnaryExpression") {
    const value = evaluatePower(left["argument"], right);
    return left["operator"] === "-" ? value.negated() : value;
  }
  return power(evaluate(left), evaluate(right));
}

const constants: ReadonlyMap<string, Decimal> = new Map([
  ["pi", Number34.acos(-1)],
  ["π", Number34.acos(-1)],
  ["tau", Number34.acos(-1).times(2)],
  ["e", Number34.exp(1)],
]);

function evaluateName(name: unknown): Decimal {
  const value = constants.get(String(name).toLowerCase());
  if (value !== undefined) return value;
  if (functions.has(String(name).toLowerCase()))
    throw new Problem(`Write the arguments of ${String(name)} in parentheses.`);
  throw new Problem(`The name ${String(name)} is not known.`);
}

interface MathFunction {
  least: number;
  most: number;
  compute(values: readonly Decimal[]): Decimal;
}

const one = (compute: (x: Decimal) => Decimal): MathFunction => ({
  least: 1,
  most: 1,
  compute: ([x = new Number34(0)]) => compute(x),
});
const two = (compute: (x: Decimal, y: Decimal) => Decimal): MathFunction => ({
  least: 2,
  most: 2,
  compute: ([x = new Number34(0), y = new Number34(0)]) => compute(x, y),
});
const many = (compute: (values: readonly Decimal[]) => Decimal): MathFunction => ({ least: 1, most: 100, compute });
const total = (values: readonly Decimal[]): Decimal => Number34.sum(...values);

const functions: ReadonlyMap<string, MathFunction> = new Map([
  ["abs", one((x) => x.abs())],
  ["sqrt", one((x) => x.sqrt())],
  ["cbrt", one((x) => x.cbrt())],
  ["exp", one((x) => x.exp())],
  ["ln", one((x) => x.ln())],
  ["log10", one((x) => x.log(10))],
  ["log2", one((x) => x.log(2))],
  ["log", { least: 1, most: 2, compute: ([x = new Number34(0), base]) => x.log(base ?? 10) }],
  ["sin", one((x) => angle(x).sin())],
  ["cos", one((x) => angle(x).cos())],
  ["tan", one((x) => angle(x).tan())],
  ["asin", one((x) => x.asin())],
  ["acos", one((x) => x.acos())],
  ["atan", one(arcTangent)],
  ["floor", one((x) => x.floor())],
  ["ceil", one((x) => x.ceil())],
  ["trunc", one((x) => x.trunc())],
  ["sign", one((x) => new Number34(x.isZero() ? 0 : Decimal.sign(x)))],
  ["round", { least: 1, most: 2, compute: ([x = new Number34(0), digits]) => roundTo(x, digits) }],
  ["min", many((values) => Number34.min(...values))],
  ["max", many((values) => Number34.max(...values))],
  ["sum", many(total)],
  ["mean", many((values) => total(values).dividedBy(values.length))],
  ["mod", two(remainder)],
  ["pow", two(power)],
  ["gcd", two(greatestCommonDivisor)],
  ["factorial", one(factorial)],
]);

function evaluateCall(node: Record<string, unknown>): Decimal {
  const { callee, arguments: given } = node;
  if (!isNode(callee) || callee["type"] !== "Identifier" || !Array.isArray(given)) {
    throw new Problem("Write * between a number and a parenthesis.");
  }
  const name = String(callee["name"]).toLowerCase();
  const known = functions.get(name);
  if (known === undefined) throw new Problem(`The function ${String(callee["name"])} is not known.`);
  if (given.length < known.least || given.length > known.most) {
    const expected = known.least === known.most ? String(known.least) : `${known.least} to ${known.most}`;
    throw new Problem(`The function ${name} takes ${expected} arguments, came ${given.length}.`);
  }
  return known.compute(given.map(evaluate));
}

function divide(a: Decimal, b: Decimal): Decimal {
  if (b.isZero()) throw new Problem("Division by zero.");
  return a.dividedBy(b);
}

function remainder(a: Decimal, b: Decimal): Decimal {
  if (b.isZero()) throw new Problem("Division by zero.");
  // With hundreds of digits between the two, the remainder of 34-digit numbers means nothing.
  if (!a.isZero() && a.e - b.e > 100) throw new Problem("The numbers of % are too far apart.");
  return a.modulo(b);
}

function power(base: Decimal, exponent: Decimal): Decimal {
  if (base.isZero() && exponent.isNegative() && !exponent.isZero()) throw new Problem("Division by zero.");
  if (exponent.abs().greaterThan(1e9)) throw new Problem("The exponent is too large; at most 1000000000.");
  return base.pow(exponent);
}

function roundTo(value: Decimal, digits: Decimal | undefined): Decimal {
  const places = digits?.toNumber() ?? 0;
  if (!Number.isInteger(places) || Math.abs(places) > 100) {
    throw new Problem("The digits of round must be a whole number from -100 to 100.");
  }
  const scale = new Number34(10).pow(places);
  // Half away from zero, as people are taught.
  return value.times(scale).toDecimalPlaces(0, Decimal.ROUND_HALF_UP).dividedBy(scale);
}

function factorial(value: Decimal): Decimal {
  if (!value.isInteger() || value.isNegative() || value.greaterThan(1000)) {
    throw new Problem("A factorial needs a whole number from 0 to 1000.");
  }
  let product = new Number34(1);
  for (let factor = 2; factor <= value.toNumber(); factor += 1) product = product.times(factor);
  return product;
}

function greatestCommonDivisor(a: Decimal, b: Decimal): Decimal {
  if (!a.isInteger() || !b.isInteger() || a.abs().greaterThan("1e34") || b.abs().greaterThan("1e34")) {
    throw new Problem("gcd needs two whole numbers of at most 34 digits.");
  }
  let [x, y] = [a.abs(), b.abs()];
  while (!y.isZero()) [x, y] = [y, x.modulo(y)];
  return x;
}

function arcTangent(value: Decimal): Decimal {
  // A right angle in all its digits; the library takes minutes to find that out.
  if (value.e > 40) return Number34.acos(0).times(Decimal.sign(value));
  return value.atan();
}

/** Reducing a huge angle costs as many digits as it has, and 34 of them say nothing about it. */
function angle(value: Decimal): Decimal {
  if (value.abs().greaterThan(1e15)) throw new Problem("The angle is too large; at most 1000000000000000 radians.");
  return value;
}
