import { chmod, cp, mkdir, rm, writeFile } from "node:fs/promises";
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** The one user that exists inside. */
export const insideUid = 1000;

/** What `/etc` has inside besides the files that are written below: how to load libraries, whom to trust, which zone. */
const copied = [
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "alternatives",
  "ssl/certs",
  "ssl/openssl.cnf",
  "pki/tls/certs",
  "pki/ca-trust/extracted",
  "ca-certificates",
  "localtime",
  "mime.types",
  "protocols",
  "services",
  "magic",
];

/**
 * Writes the `/etc` of sandboxed programs into `folder`, anew: it is mounted for all of them, so that a start has nothing
 * to write.
 */
export async function writeSystemFiles(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // Whatever the process's mask is.
  await chmod(folder, 0o755);
  for (const name of copied) {
    const source = join("/etc", name);
    // Links stay links: what they lead to under /usr is there inside as well.
    if (existsSync(source)) await cp(source, join(folder, name), { recursive: true, verbatimSymlinks: true });
  }
  const user = `runyard:x:${insideUid}:${insideUid}:Runyard:/tmp:/bin/sh\n`;
  const files = {
    passwd: `root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n${user}nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    group: `root:x:0:\nrunyard:x:${insideUid}:\nnogroup:x:65534:\n`,
    hosts: "127.0.0.1 localhost sandbox\n::1 localhost\n",
    "host.conf": "multi on\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    // Names are resolved outside, by the proxy.
    "resolv.conf": "",
    hostname: "sandbox\n",
  };
  for (const [name, text] of Object.entries(files)) await writeReadable(join(folder, name), text);
}

/** `/bin`, `/lib` and the like: links into `/usr` on most systems, folders of their own on others. */
export function systemFolders(): string[] {
  return ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"].flatMap((path) => {
    if (!existsSync(path)) return [];
    return lstatSync(path).isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path];
  });
}

async function writeReadable(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o644);
}
