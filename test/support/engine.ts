import type { StoredEvent } from "../../src/contract/events.ts";
import { newId, type Id } from "../../src/contract/ids.ts";
import { Engine, type EngineOptions, type StartRequest } from "../../src/engine/engine.ts";
import { foldLog } from "../../src/engine/fold-log.ts";
import type { Program } from "../../src/engine/program.ts";
import type { Database } from "../../src/store/database.ts";
import { SeverableDatabase } from "./severable-database.ts";
import { createDatabasePlace, type DatabaseKind } from "./test-database.ts";

export interface TestEngineOptions extends Partial<Omit<EngineOptions, "database">> {
  programs?: Record<string, Program>;
  /** False leaves the engine as it was made: what it accepts stays queued until `engine.run()`. */
  run?: boolean;
}

/** One engine on a database of its own, that can be stopped, started again and killed. */
export interface TestEngine extends AsyncDisposable {
  readonly engine: Engine;
  readonly database: Database;
  /** Accepts an execution of `program`, of an organization of its own unless the request names one. */
  start(request: Partial<StartRequest> & { program: string }): Promise<Id>;
  /** The log up to now. */
  log(id: Id): Promise<StoredEvent[]>;
  /** The whole log, once the execution has ended. */
  end(id: Id): Promise<StoredEvent[]>;
  /** Resolves with the first event, past or to come, that fits. */
  event(id: Id, fits: (event: StoredEvent) => boolean): Promise<StoredEvent>;
  status(id: Id): Promise<string>;
  /** Drains and closes. */
  stop(timeoutMs?: number): Promise<void>;
  /** Stops as SIGTERM does, and starts on the same data. */
  restart(options?: TestEngineOptions): Promise<void>;
  /** Starts on the same data as if the process had died: of the old engine nothing more is stored. */
  crash(options?: TestEngineOptions): Promise<void>;
}

export const silentHooks: EngineOptions["hooks"] = { alongside: () => [] };

export async function startTestEngine(kind: DatabaseKind, options: TestEngineOptions = {}): Promise<TestEngine> {
  const place = await createDatabasePlace(kind);
  let settings = options;
  const opened: Database[] = [];
  let database = open();
  await database.migrate();
  let engine = await boot();

  function open(): SeverableDatabase {
    const own = place.open();
    opened.push(own);
    return new SeverableDatabase(own);
  }

  async function boot(): Promise<Engine> {
    const { programs = {}, run, ...given } = settings;
    const made = new Engine({
      limits: { total: 100, perOrganization: 100, perAgent: 100 },
      hooks: silentHooks,
      ...given,
      database,
    });
    for (const [name, program] of Object.entries(programs)) made.define(name, program);
    if (run !== false) await made.run();
    return made;
  }

  async function stop(timeoutMs = 0): Promise<void> {
    await engine.drain(timeoutMs);
    while (opened.length > 0) await opened.pop()?.[Symbol.asyncDispose]();
  }

  async function read(id: Id, endsAt?: (event: StoredEvent) => boolean): Promise<StoredEvent[]> {
    const events: StoredEvent[] = [];
    await foldLog(engine.feed, id, { after: 0, endsAt }, (event) => events.push(event));
    return events;
  }

  return {
    get engine() {
      return engine;
    },
    get database() {
      return database;
    },
    async start(request) {
      const full = { id: newId(), organizationId: newId(), input: null, ...request };
      await engine.start(full);
      return full.id;
    },
    async log(id) {
      const [row] = await database.read({
        sql: `select max(seq) as last_seq from event where execution_id = '${id}' having count(*) > 0`,
        params: [],
        returnsRows: true,
      });
      return row === undefined ? [] : read(id, ({ seq }) => seq >= Number(row["last_seq"]));
    },
    end: (id) => read(id),
    async event(id, fits) {
      const found = (await read(id, fits)).find(fits);
      if (found === undefined) throw new Error(`execution ${id} ended without the expected event`);
      return found;
    },
    async status(id) {
      const [row] = await database.read({
        sql: `select status from execution where id = '${id}'`,
        params: [],
        returnsRows: true,
      });
      return String(row?.["status"]);
    },
    stop,
    async restart(change) {
      await stop();
      settings = { ...settings, ...change };
      database = open();
      await database.migrate();
      engine = await boot();
    },
    async crash(change) {
      database.sever();
      void engine.drain(0); // stops its timers and programs; what it writes goes nowhere
      settings = { ...settings, ...change };
      database = open();
      engine = await boot();
    },
    async [Symbol.asyncDispose]() {
      if (opened.length > 0) await stop();
      await place[Symbol.asyncDispose]();
    },
  };
}
