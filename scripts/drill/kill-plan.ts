import { drainPoints, startPoints, workPoints } from "./crash-points.ts";
import type { Random } from "./random.ts";

/** How one life of the server ends. */
export type Kill =
  /** By itself, at the nth pass of a named point. `drain`: it is asked to stop first, `afterMs` after it took work. */
  | { type: "point"; name: string; nth: number; drain: boolean; afterMs: number }
  /** So long after the process was begun, whether or not it took work by then. */
  | { type: "start"; afterMs: number }
  /** So long after it took work. */
  | { type: "work"; afterMs: number }
  /** So long after it was asked to stop. */
  | { type: "drain"; workMs: number; afterMs: number };

/** Named points once each, `moments` random moments and some long lives, in an order that the seed decides. */
export function planKills(random: Random, options: { moments: number; points: readonly string[] }): Kill[] {
  const named = options.points.map((name) => killAt(name, random.whole(1, reachOf(name)), random));
  const moments = Array.from({ length: options.moments }, () => momentOf(random));
  return withLongLives(random.shuffle([...named, ...moments]), random);
}

/**
 * Three deaths in a row without a step in between make an execution poison, which is an end that tells little. So behind
 * most rows of two short lives stands one that is long enough for programs to begin, and be killed at their work.
 */
function withLongLives(kills: readonly Kill[], random: Random): Kill[] {
  const plan: Kill[] = [];
  let shortOnes = 0;
  for (const kill of kills) {
    plan.push(kill);
    shortOnes = isShort(kill) ? shortOnes + 1 : 0;
    if (shortOnes < 2 || random.next() < 0.25) continue;
    plan.push({ type: "work", afterMs: random.whole(1500, 4000) });
    shortOnes = 0;
  }
  return plan;
}

function isShort(kill: Kill): boolean {
  return kill.type !== "work" || kill.afterMs < 1000;
}

export function killAt(name: string, nth: number, random: Random): Kill {
  const drain = drainPoints.some((point) => point === name);
  return { type: "point", name, nth, drain, afterMs: random.whole(100, 400) };
}

/** The highest pass that a short life comes to for certain. */
function reachOf(name: string): number {
  if (name.startsWith("group") || name.startsWith("append") || name.startsWith("step")) return 40;
  if (startPoints.some((point) => point === name) || drainPoints.some((point) => point === name)) return 1;
  const isRare = /^(failed|cancel|cancelled|end|signal|suspended)-/.test(name);
  return workPoints.some((point) => point === name) && !isRare ? 8 : 2;
}

function momentOf(random: Random): Kill {
  const chance = random.next();
  if (chance < 0.2) return { type: "start", afterMs: random.whole(100, 1500) };
  if (chance < 0.27) return { type: "drain", workMs: random.whole(50, 400), afterMs: random.whole(0, 300) };
  // Half of them soon; the others late enough for programs to get to work, or most of it would end as poison.
  return { type: "work", afterMs: chance < 0.55 ? random.whole(5, 600) : random.whole(600, 4000) };
}
