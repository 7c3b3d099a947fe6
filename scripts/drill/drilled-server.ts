import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { type RunningProcess, startProcess } from "../../test/e2e/start-process.ts";
import type { Kill } from "./kill-plan.ts";

/** How long a server may take to start, and how long a named point is waited for. */
const patienceMs = 60_000;
const reachMs = 4000;

/** The real server as a process, started and killed over and over on the same data and port. */
export class DrilledServer implements AsyncDisposable {
  readonly #environment: Record<string, string>;
  readonly #logFile: string;
  readonly #pointsFile: string;
  #process: RunningProcess | undefined;

  /** @param options.environment settings of the server, by their variables */
  constructor(options: { environment: Record<string, string>; logFile: string; pointsFile: string }) {
    this.#environment = options.environment;
    this.#logFile = options.logFile;
    this.#pointsFile = options.pointsFile;
  }

  /** Resolves once it takes work. */
  async start(): Promise<void> {
    await this.#begin([]).until(/"url"/);
  }

  /**
   * Starts it and kills it as planned.
   * @returns whether it came to the named point, or lived until the moment
   */
  async live(kill: Kill): Promise<boolean> {
    const server = this.#begin(kill.type === "point" ? ["--crash-at", `${kill.name}:${kill.nth}`] : []);
    const died = server.ended.then(
      () => true,
      () => true,
    );
    if (kill.type === "start") {
      await Promise.race([died, pause(kill.afterMs)]);
      return this.#kill();
    }
    const works = server.until(/"url"/).then(
      () => true,
      () => false, // it died on the way, which only a named point may bring about
    );
    if (!(await Promise.race([works, pause(patienceMs, false, { ref: false })]))) {
      const reached = kill.type === "point" && (await this.#diedOfSignal(server));
      await this.#kill();
      if (!reached) throw new Error(`the server did not start:\n${server.stderr()}`);
      return true;
    }
    switch (kill.type) {
      case "point": {
        if (kill.drain) {
          await Promise.race([died, pause(kill.afterMs)]);
          server.signal("SIGTERM");
        }
        const reached = await Promise.race([died, pause(reachMs, false, { ref: false })]);
        const bySignal = reached && (await this.#diedOfSignal(server));
        await this.#kill();
        return bySignal;
      }
      case "work":
        await Promise.race([died, pause(kill.afterMs)]);
        return this.#kill();
      case "drain":
        await Promise.race([died, pause(kill.workMs)]);
        server.signal("SIGTERM");
        await Promise.race([died, pause(kill.afterMs)]);
        return this.#kill();
    }
  }

  /** SIGKILL. */
  async stop(): Promise<void> {
    await this.#kill();
  }

  /** SIGTERM, and resolves once it has ended. */
  async close(): Promise<void> {
    this.#process?.signal("SIGTERM");
    await this.#process?.ended;
    await this.#kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kill();
  }

  #begin(args: readonly string[]): RunningProcess {
    const all = ["--record-points", this.#pointsFile, ...args];
    this.#process = startProcess("test/support/drill-server.ts", all, this.#environment);
    return this.#process;
  }

  async #kill(): Promise<true> {
    const server = this.#process;
    this.#process = undefined;
    await server?.[Symbol.asyncDispose]();
    const log = server?.stderr() ?? "";
    if (log !== "") appendFileSync(this.#logFile, log);
    return true;
  }

  async #diedOfSignal(server: RunningProcess): Promise<boolean> {
    return server.ended.then(
      () => false,
      () => true,
    );
  }
}
