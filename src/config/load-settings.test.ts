import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadSettings } from "./load-settings.ts";
import { SettingsError } from "./settings-error.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "runyard-settings-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
const load = (
  env: Record<string, string> = {},
  flags: Record<string, string | number | boolean | undefined> = {},
  file?: string,
) => loadSettings({ env, flags, directory, file });

async function problemsOf(loading: Promise<unknown>) {
  const error: unknown = await loading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SettingsError)) throw new Error("expected the settings to be refused", { cause: error });
  return error;
}

describe("where settings come from", () => {
  test("without any, the defaults make a loopback server on SQLite with the enterprise plan", async () => {
    const settings = await load();
    expect(settings).toMatchObject({
      host: "127.0.0.1",
      port: 8787,
      dataDir: ".runyard",
      concurrency: { total: 512, perOrganization: null, perAgent: null },
      plans: { default: "enterprise", starter: { requestsPerMinute: 60, retentionDays: 90 } },
      streams: { heartbeatMs: 15_000 },
      eventLogHours: 24,
    });
    expect(settings.databaseUrl).toBeUndefined();
    expect(settings.providers.openai.apiKey).toBeUndefined();
  });

  test("a flag wins over the environment, that over the file", async () => {
    write("runyard.yaml", "host: file.example\nport: 1\nconcurrency:\n  total: 1\n  perAgent: 7\n");
    const settings = await load({ RUNYARD_PORT: "2", RUNYARD_CONCURRENCY: "2" }, { concurrency: "3" });
    expect(settings.host).toBe("file.example");
    expect(settings.port).toBe(2);
    expect(settings.concurrency).toEqual({ total: 3, perOrganization: null, perAgent: 7 });
  });

  test("the file is named by a flag or RUNYARD_CONFIG and may be JSON", async () => {
    write("a.json", '{"port": 1}');
    write("b.yaml", "port: 2");
    expect((await load({ RUNYARD_CONFIG: "a.json" })).port).toBe(1);
    expect((await load({ RUNYARD_CONFIG: "a.json" }, { config: "b.yaml" })).port).toBe(2);
    expect((await load({}, {}, join(directory, "b.yaml"))).port).toBe(2);
  });

  test("a variable without text counts as not set, and the second name of a key is read", async () => {
    const settings = await load({ OPENAI_API_KEY: "", GOOGLE_GENERATIVE_AI_API_KEY: " ", GEMINI_API_KEY: "g-1" });
    expect(settings.providers.openai.apiKey).toBeUndefined();
    expect(settings.providers.google.apiKey).toBe("g-1");
  });

  test("lists, pairs and limits are read from text", async () => {
    const settings = await load({
      RUNYARD_ALLOW_PRIVATE_NETWORK: "127.0.0.1:9000, [::1]:*",
      RUNYARD_MODEL_ALIASES: "fast=openai/gpt-4.1-mini,odd=together/a=b",
      RUNYARD_MODEL_ENDPOINTS: "vllm=http://10.0.0.5:8000/v1/",
      RUNYARD_CONCURRENCY_PER_AGENT: "null",
      RUNYARD_CORS_ORIGINS: "https://app.example.com",
    });
    expect(settings.allowPrivateNetwork).toEqual(["127.0.0.1:9000", "[::1]:*"]);
    expect(settings.models.aliases).toEqual({ fast: "openai/gpt-4.1-mini", odd: "together/a=b" });
    expect(settings.models.endpoints).toEqual({ vllm: { baseUrl: "http://10.0.0.5:8000/v1", apiKey: undefined } });
    expect(settings.concurrency.perAgent).toBeNull();
    expect(settings.corsOrigins).toEqual(["https://app.example.com"]);
  });

  test("templates, prices and plans come from the file", async () => {
    write(
      "runyard.yaml",
      [
        "templates:",
        "  support: You answer politely.",
        "  sales: {systemPrompt: Sell., description: For sales}",
        "models: {prices: {vllm/qwen: {input: 0.1, output: 0.2}}}",
        "plans: {default: starter, starter: {requestsPerMinute: null}}",
      ].join("\n"),
    );
    const settings = await load();
    expect(settings.templates).toEqual({
      support: { systemPrompt: "You answer politely.", description: "" },
      sales: { systemPrompt: "Sell.", description: "For sales" },
    });
    expect(settings.models.prices["vllm/qwen"]).toEqual({ input: 0.1, output: 0.2 });
    expect(settings.plans.starter).toMatchObject({ requestsPerMinute: null, requestsPerDay: 10_000 });
  });
});

describe("what is refused", () => {
  test("an unknown variable, flag or key in the file comes back with the name that was meant", async () => {
    write("runyard.yaml", "prot: 1\nconcurrency: {totel: 3}\n");
    const { problems } = await problemsOf(load({ RUNYARD_PROT: "1", RUNYARD_DATADIR: "x" }, { hots: "x" }));
    expect(Object.fromEntries(problems.map(({ name, message }) => [name, message]))).toEqual({
      RUNYARD_PROT: "no such variable; did you mean RUNYARD_PORT?",
      RUNYARD_DATADIR: "no such variable; did you mean RUNYARD_DATA_DIR?",
      hots: "no such flag; did you mean host?",
      prot: "no such setting in runyard.yaml; did you mean port?",
      "concurrency.totel": "no such setting in runyard.yaml; did you mean concurrency.total?",
    });
  });

  test("a name far from all others is refused without a guess; variables of the client and of tests pass", async () => {
    const { message } = await problemsOf(load({ RUNYARD_ZZZZZZZZZZZZZ: "1" }));
    expect(message).toContain("RUNYARD_ZZZZZZZZZZZZZ: no such variable; `docs/settings.md` lists all");
    await load({ RUNYARD_URL: "http://127.0.0.1:1", RUNYARD_TEST_DATABASE: "x", PATH: "/bin" });
  });

  test.each([
    [{ RUNYARD_PORT: "80a" }, 'port: expected a whole number from 0 to 65535, got "80a" (from RUNYARD_PORT)'],
    [{ RUNYARD_PORT: "70000" }, "port: expected a whole number from 0 to 65535, got 70000 (from RUNYARD_PORT)"],
    [
      { RUNYARD_PUBLIC_URL: "ftp://x" },
      'publicUrl: expected an http or https URL, got "ftp://x" (from RUNYARD_PUBLIC_URL)',
    ],
    [{ RUNYARD_LOG_LEVEL: "loud" }, "telemetry.logLevel: expected `trace`, `debug`, `info`"],
    [{ RUNYARD_ALLOW_PRIVATE_NETWORK: "127.0.0.1" }, "allowPrivateNetwork: expected a list of host:port"],
    [{ RUNYARD_ORGANIZATION_ID: "acme" }, 'organizationId: expected a UUID, got "acme"'],
    [{ RUNYARD_CORS_ORIGINS: "https://a.example/path" }, "corsOrigins: expected a list of origins"],
    [{ RUNYARD_MODEL_ENDPOINTS: "http://10.0.0.5" }, "models.endpoints: expected pairs"],
  ])("%o says what was expected, what came and from where", async (env, line) => {
    expect((await problemsOf(load(env))).message).toContain(line);
  });

  test("every problem is told at once", async () => {
    const { problems } = await problemsOf(load({ RUNYARD_PORT: "x", RUNYARD_CONCURRENCY: "0" }, { logLevel: "x" }));
    expect(problems.map(({ name }) => name)).toEqual(["port", "concurrency.total", "telemetry.logLevel"]);
  });

  test("a group written as a single value names its keys", async () => {
    write("runyard.yaml", "concurrency: 5");
    expect((await problemsOf(load())).message).toContain("concurrency: expected a map with concurrency.total");
  });

  test("no error shows a secret, not even one with a mistake around it", async () => {
    const secret = "hunter2";
    write("bad.yaml", `apiKey: "${secret}\nmodels: {`);
    write("short.yaml", `apiKey: ${secret}\nmodels: {endpoints: {vllm: {baseUrl: nowhere, apiKey: ${secret}}}}`);
    const errors = await Promise.all([
      problemsOf(load({ RUNYARD_API_KEY: secret, RUNYARD_MASTER_KEY: secret, OPENAI_API_KEY: `a ${secret}` })),
      problemsOf(load({ RUNYARD_DATABASE_URL: `mysql://root:${secret}@db/x` })),
      problemsOf(load({ OPENAI_BASE_URL: `ftp://me:${secret}@host` })),
      problemsOf(load({ OTEL_EXPORTER_OTLP_HEADERS: secret })),
      problemsOf(load({}, {}, "bad.yaml")),
      problemsOf(load({}, {}, "short.yaml")),
    ]);
    for (const error of errors)
      expect(JSON.stringify([error.message, error.problems, String(error.cause)])).not.toContain(secret);
    expect(errors[4]?.message).toMatch(/bad\.yaml: no valid YAML or JSON at line \d+, column \d+/);
  });

  test("a named file that is not there is an error, the default one is not", async () => {
    expect((await problemsOf(load({ RUNYARD_CONFIG: "none.yaml" }))).message).toContain("cannot be read (ENOENT)");
    await load();
  });

  test("a file that is a list is refused", async () => {
    write("runyard.yaml", "- port: 1");
    expect((await problemsOf(load())).message).toContain("expected a map of settings at the top");
  });

  test("a prototype key in the file is an unknown name and touches nothing", async () => {
    write("runyard.json", '{"concurrency": {"__proto__": {"total": 1}}}');
    expect((await problemsOf(load())).problems.map(({ name }) => name)).toEqual(["concurrency.__proto__"]);
    expect(Object.hasOwn(Object.prototype, "total")).toBe(false);
  });
});
