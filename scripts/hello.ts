// Shows Runyard at work with nothing set up: `npm run hello`. Run it first, and whenever the way in may have broken.
import { Runyard } from "../client/src/index.ts";
import { fetchLocalModel } from "../src/cli/fetch-local-model.ts";
import { styler, type Terminal } from "../src/cli/terminal.ts";
import { loadSettings } from "../src/config/load-settings.ts";
import { createPlatform, type Platform } from "../src/platform.ts";
import { defaultLocalModel } from "../src/models/local/catalogue.ts";
import { chooseModel } from "./hello/choose-model.ts";
import { choosePort } from "./hello/choose-port.ts";
import { ensureExampleAgent } from "./hello/example-agent.ts";
import { findHelloKey } from "./hello/hello-key.ts";
import { nextSteps } from "./hello/next-steps.ts";
import { showExecution } from "./hello/show-execution.ts";

const question = "How much is 365 times 24?";

const terminal: Terminal = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  onSignal(signal, callback) {
    process.on(signal, callback);
    return () => process.off(signal, callback);
  },
};
const paint = styler(process.stdout, process.env);
// A terminal in a CI job has nobody in front of it.
const isAttended = process.stdout.isTTY === true && (process.env.CI ?? "") === "";

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  terminal.onSignal(signal, () => {
    // Asked twice, it does not wait for what still runs; nothing accepted is lost by that.
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  });
}

try {
  await hello();
} catch (error) {
  if (!stop.signal.aborted) {
    process.stderr.write(`${styler(process.stderr, process.env)("red", "error:")} ${messageOf(error)}\n`);
    process.exitCode = 1;
  } else {
    process.exitCode = 130;
  }
}

async function hello(): Promise<void> {
  const settings = await readSettings();
  const model = await chooseModel(settings);
  if (model.startsWith("local/")) await fetchLocalModel(terminal, settings, model, stop.signal);

  await using server = disposable(await createPlatform(settings));
  const key = findHelloKey(server, settings, process.env);
  say(`Runyard runs at ${paint("bold", server.url)}, its data in ${settings.dataDir}.`);
  say(aboutModel(model));

  const client = new Runyard({ url: server.url, apiKey: key.apiKey });
  const { agent, isNew } = await ensureExampleAgent(client, model);
  say(`${isNew ? "Made" : "Found"} the agent "${agent.name}" (${agent.id}) with the tool calculator.\n`);

  say(`${paint("bold", "question".padEnd(10))}${question}`);
  if (model.startsWith("local/"))
    say(`${paint("dim", "model".padEnd(10))}loading it takes a few seconds the first time`);
  await showExecution(
    terminal,
    client.agents.execute(agent.id, { input: question, stream: true }, { signal: stop.signal }),
  );

  // The key is for whoever sits here, or who sees it made; a later log of a CI job is no place for it.
  const showsKey = isAttended || server.firstKey !== undefined;
  const shown = showsKey ? { apiKey: key.apiKey } : { apiKey: "$RUNYARD_API_KEY", keptIn: key.path };
  say(nextSteps({ ...shown, url: server.url, isRemembered: key.isRemembered, agentId: agent.id, question }));
  if (!isAttended) return say("Not in a terminal, so the server stops here; `npm start` runs it for good.");
  say("The server goes on until Ctrl-C.");
  if (stop.signal.aborted) return;
  await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
}

async function readSettings() {
  const wanted = await loadSettings({ env: process.env });
  const port = await choosePort(wanted.host, wanted.port);
  if (port !== wanted.port) say(`Port ${wanted.port} is taken: using a free one.`);
  // The log of a server is not what a newcomer wants to read between the lines of the example.
  const logLevel = process.env.RUNYARD_LOG_LEVEL === undefined ? "warn" : wanted.telemetry.logLevel;
  return { ...wanted, port, telemetry: { ...wanted.telemetry, logLevel } };
}

function aboutModel(model: string): string {
  if (model !== defaultLocalModel) return `The agent's model is ${model}.`;
  return `The agent's model is ${model}, which runs on this machine. It is tiny (135 million parameters, 98 MB):
enough to show how things work, wrong on most real questions. For real work set OPENAI_API_KEY or ANTHROPIC_API_KEY,
point OLLAMA_BASE_URL at an Ollama server, or fetch a bigger local model (npm run runyard -- models list).`;
}

function disposable(platform: Platform): Platform & AsyncDisposable {
  return Object.assign(platform, { [Symbol.asyncDispose]: () => platform.close() });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
