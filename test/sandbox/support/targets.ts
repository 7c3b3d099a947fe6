import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

/** What the probes aim at, real and on this machine; and the folder that the sandbox works in. */
export interface Targets extends AsyncDisposable {
  /** The data directory: nobody but the server may look. */
  data: string;
  /** Given to the sandbox, inside the data directory. */
  folder: string;
  variables: Record<string, string>;
}

export async function makeTargets(): Promise<Targets> {
  const owned = new AsyncDisposableStack();
  const data = await mkdtemp(join(tmpdir(), "runyard-escape-"));
  owned.defer(() => rm(data, { recursive: true, force: true }));
  const folder = join(data, "sandbox");
  const other = join(folder, "workspaces/other");
  const readonly = join(folder, "readonly");
  const secret = join(data, "secret");
  for (const path of [other, readonly]) await mkdir(path, { recursive: true });
  await writeFile(secret, "secret", { mode: 0o600 });
  await writeFile(join(other, "file"), "other");
  await writeFile(join(readonly, "file"), "readonly");
  // Outside of the data directory, since only what is open to all is of interest there.
  const temporary = join(tmpdir(), `runyard-escape-${process.pid}`);
  const shared = `/dev/shm/runyard-escape-${process.pid}`;
  for (const path of [temporary, shared]) {
    await writeFile(path, "shared");
    owned.defer(() => rm(path, { force: true }));
  }
  const victim = owned.adopt(await startVictim(data, secret), endProcess);
  const segment = /\d+/.exec(execFileSync("ipcmk", ["-M", "4096"], { encoding: "utf8" }))?.[0] ?? "";
  owned.defer(() => void execFileSync("ipcrm", ["-m", segment]));

  const listen = async (where: { path: string } | { port: number; host: string }): Promise<Server> => {
    const server = createServer((socket) => socket.destroy());
    server.listen(where);
    await once(server, "listening");
    owned.defer(async () => {
      server.close();
      await once(server, "close");
    });
    return server;
  };
  const tcp = await listen({ port: 0, host: "0.0.0.0" });
  const abstract = `runyard-escape-${process.pid}`;
  await listen({ path: join(data, "socket") });
  await listen({ path: `\0${abstract}` });
  const udp = createSocket("udp4", (_, from) => udp.send("pong", from.port, from.address));
  udp.bind(0, "127.0.0.1");
  await once(udp, "listening");
  owned.defer(() => void udp.close());

  return {
    data,
    folder,
    variables: {
      DATA: data,
      SECRET: secret,
      OTHER: other,
      READONLY: readonly,
      TEMPORARY: temporary,
      SHARED: shared,
      SHM: segment,
      SOCKET: join(data, "socket"),
      ABSTRACT: abstract,
      PORT: String(portOf(tcp.address())),
      UDP_PORT: String(udp.address().port),
      SERVER: String(process.pid),
      VICTIM: String(victim.pid),
      MACHINE: hostname(),
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A workspace of its own for one run, with a program in it that is root's and runs as root. */
export async function makeWorkspace(folder: string, name: string): Promise<string> {
  const path = join(folder, "workspaces", name);
  await mkdir(path, { recursive: true });
  return path;
}

export async function addSetUserId(workspace: string): Promise<void> {
  const path = join(workspace, "set-user-id");
  await copyFile("/usr/bin/id", path);
  await chmod(path, 0o4755);
}

/** Another process of the server's user, with a secret in its environment, its folder and its open files. */
async function startVictim(folder: string, secret: string): Promise<ChildProcess> {
  const victim = spawn("sh", ["-c", `exec 5<"$1"; echo ready; read -r _`, "probe-victim", secret], {
    cwd: folder,
    env: { PATH: "/usr/bin:/bin", RUNYARD_PROBE_SECRET: "1" },
    stdio: ["pipe", "pipe", "ignore"],
  });
  if (victim.stdout !== null) await once(victim.stdout, "data");
  return victim;
}

async function endProcess(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

function portOf(address: ReturnType<Server["address"]>): number {
  if (typeof address === "object" && address !== null) return address.port;
  throw new Error("the server does not listen on a port");
}
