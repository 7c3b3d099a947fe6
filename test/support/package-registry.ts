import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { basename, join } from "node:path";
import { makeBundle } from "./make-bundle.ts";
import { makeWheel, type WheelContent } from "./make-wheel.ts";

/** A package as its author has it: `files` without `package.json`, which is made of the rest. */
export interface NpmPackage {
  name: string;
  version: string;
  files: Record<string, string>;
  dependencies?: Record<string, string>;
  scripts?: Record<string, string>;
}

export interface PackageRegistryOptions {
  /** Wheels that are made for this registry. */
  python?: readonly WheelContent[];
  /** A folder of wheels, such as the one that `scripts/setup` fills. */
  wheelFolder?: string;
  npm?: readonly NpmPackage[];
  /** Is awaited before each answer, so that a test can hold an installation up. */
  beforeAnswer?: (path: string) => Promise<void>;
}

/** An npm registry and an index of Python packages on loopback, for installers as they are. */
export interface PackageRegistry extends AsyncDisposable {
  pythonIndexUrl: string;
  npmRegistryUrl: string;
  /** `127.0.0.1:port`. */
  host: string;
  /** Paths, in the order in which they were asked for. */
  readonly requests: readonly string[];
}

export async function startPackageRegistry(options: PackageRegistryOptions): Promise<PackageRegistry> {
  const wheels = await readWheels(options);
  const packages = await Promise.all((options.npm ?? []).map(packNpm));
  const requests: string[] = [];
  let host = "";
  const answer = async (path: string, response: ServerResponse) => {
    requests.push(path);
    await options.beforeAnswer?.(path);
    const found = (await answerPython(path, wheels)) ?? answerNpm(path, packages, `http://${host}/npm`);
    if (found === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": found.type }).end(found.body);
  };
  const server = createServer((request, response) => {
    answer(decodeURIComponent(new URL(request.url ?? "/", "http://registry").pathname), response).catch(() =>
      response.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  host = `127.0.0.1:${address.port}`;
  return {
    pythonIndexUrl: `http://${host}/simple/`,
    npmRegistryUrl: `http://${host}/npm/`,
    host,
    requests,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

interface Answer {
  type: string;
  body: string | Buffer;
}

type Wheels = ReadonlyMap<string, () => Promise<Buffer>>;

async function readWheels({ python = [], wheelFolder }: PackageRegistryOptions): Promise<Wheels> {
  const wheels = new Map<string, () => Promise<Buffer>>();
  for (const name of wheelFolder === undefined ? [] : await readdir(wheelFolder)) {
    if (wheelFolder !== undefined) wheels.set(name, () => readFile(join(wheelFolder, name)));
  }
  for (const content of python) {
    const wheel = makeWheel(content);
    wheels.set(wheel.name, () => Promise.resolve(wheel.bytes));
  }
  return wheels;
}

/** @see https://peps.python.org/pep-0503/ */
async function answerPython(path: string, wheels: Wheels): Promise<Answer | undefined> {
  if (path.startsWith("/wheels/")) {
    const body = await wheels.get(basename(path))?.();
    return body === undefined ? undefined : { type: "application/octet-stream", body };
  }
  const project = /^\/simple\/(?<name>[^/]+)\/?$/.exec(path)?.groups?.name;
  if (project === undefined) return undefined;
  const files = [...wheels.keys()].filter((file) => normalName(file.split("-")[0] ?? "") === normalName(project));
  if (files.length === 0) return undefined;
  const links = files.map((file) => `<a href="/wheels/${file}">${file}</a>`);
  return { type: "text/html", body: `<!DOCTYPE html><html><body>${links.join("<br>")}</body></html>` };
}

function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

interface PackedNpm {
  manifest: Omit<NpmPackage, "files">;
  tarball: Buffer;
}

async function packNpm({ files, ...manifest }: NpmPackage): Promise<PackedNpm> {
  const all = { "package.json": JSON.stringify(manifest), ...files };
  const entries = Object.entries(all).map(([name, content]) => ({ name: `package/${name}`, content }));
  return { manifest, tarball: await makeBundle(entries) };
}

/** @see https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md */
function answerNpm(path: string, packages: readonly PackedNpm[], base: string): Answer | undefined {
  const versions = packages.filter(({ manifest }) => path === `/npm/${manifest.name}`);
  if (versions.length === 0) {
    const tarball = packages.find(({ manifest }) => path === tarballPath(manifest))?.tarball;
    return tarball === undefined ? undefined : { type: "application/octet-stream", body: tarball };
  }
  const described = versions.map(({ manifest, tarball }) => ({
    ...manifest,
    hasInstallScript: manifest.scripts !== undefined,
    dist: {
      tarball: base.replace(/\/npm$/, tarballPath(manifest)),
      integrity: `sha512-${createHash("sha512").update(tarball).digest("base64")}`,
    },
  }));
  const body = {
    name: versions[0]?.manifest.name,
    "dist-tags": { latest: versions.at(-1)?.manifest.version },
    versions: Object.fromEntries(described.map((version) => [version.version, version])),
  };
  return { type: "application/json", body: JSON.stringify(body) };
}

function tarballPath({ name, version }: Pick<NpmPackage, "name" | "version">): string {
  return `/npm/${name}/-/${basename(name)}-${version}.tgz`;
}
