import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { text } from "node:stream/consumers";

/**
 * A mount namespace in which an unprivileged user reaches folders whose parents only root may enter. A server that runs as
 * root keeps its data where nobody else can look, and bubblewrap, which is started without root's rights, can mount only
 * what it can reach. So the folders are bound to a place of their own, which exists in this namespace and nowhere else,
 * and goes away with this process.
 */
export interface Staging extends Disposable {
  /** Where a path is in the namespace; what lies under none of the staged folders is where it was. */
  locate(path: string): string;
  /** Goes before a command that is started in the namespace, as the unprivileged user. */
  enter(uid: number): readonly string[];
}

/** An empty folder on the machine; what is mounted on it is seen in the namespace alone. */
const stage = "/run/runyard-sandbox";

/**
 * @param sources absolute paths of folders and files
 * @throws Error with what the system said when this process may not mount
 */
export async function openStaging(sources: readonly string[]): Promise<Staging> {
  mkdirSync(stage, { recursive: true, mode: 0o755 });
  const script = `set -e
stage=$1; shift
mount -t tmpfs -o mode=0755,size=64k,nosuid,nodev runyard "$stage"
count=0
for source; do
  if [ -d "$source" ]; then mkdir "$stage/$count"; else : >"$stage/$count"; fi
  mount --rbind "$source" "$stage/$count"
  count=$((count + 1))
done
mount -o remount,ro "$stage"
echo ready
read -r _`;
  const holder = spawn(
    "unshare",
    ["--mount", "--propagation", "slave", "--", "/bin/sh", "-c", script, "sh", stage, ...sources],
    { stdio: ["pipe", "pipe", "pipe"], env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } },
  );
  const exited = once(holder, "exit");
  const complaint = text(holder.stderr);
  const ready = await Promise.race([once(holder.stdout, "data"), exited.then(() => undefined)]);
  if (ready === undefined) throw new Error((await complaint).trim() || "unshare could not make a mount namespace");
  // The namespace lives as long as this descriptor, so nothing else has to.
  const namespace = openSync(`/proc/${holder.pid}/ns/mnt`, "r");
  holder.stdin.end("\n");
  await exited;
  return {
    locate(path) {
      const index = sources.findIndex((source) => path === source || path.startsWith(`${source}/`));
      const source = sources[index];
      return source === undefined ? path : `${stage}/${index}${path.slice(source.length)}`;
    },
    enter: (uid) => [
      "nsenter",
      `--mount=/proc/${process.pid}/fd/${namespace}`,
      `--setgid=${uid}`,
      `--setuid=${uid}`,
      "--",
    ],
    [Symbol.dispose]: () => closeSync(namespace),
  };
}
