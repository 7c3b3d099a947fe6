import { startCodeRuns } from "../test/support/code-runs.ts";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { mkdtemp, writeFile } from "node:fs/promises";
const mode = process.argv[2];
const N = Number(process.argv[3] ?? 60);
if (mode === "ours" || mode === "sandbox" ) {
  const runs = await startCodeRuns();
  const version = await runs.agent({ files: { "agent.py": 'def main(inputs):\n    return "hello " + inputs["name"]\n' }, entryPoint: "agent:main" });
  const ours = async () => { const log = await runs.run(version, { input: { name: "you" } }); if (log.at(-1)?.type !== "execution-completed") throw new Error("x"); };
  await ours();
  const c0 = process.cpuUsage(); const t0 = performance.now();
  if (mode === "ours") for (let i = 0; i < N; i++) await ours();
  else {
    const folder = runs.directory + "/runs/w"; await runs.sandbox.makeWritable(folder);
    for (let i = 0; i < N; i++) {
      const p = await runs.sandbox.start({ command: ["python3", "-I", "-S", "-c", "print('hello')"], workingDirectory: "/app", environment: {}, mounts: [{ source: folder, target: "/app", access: "write" }], limits: { wallMs: 30000, cpuSeconds: 30, memoryBytes: 2 ** 29, processes: 64, openFiles: 256, diskBytes: 2 ** 28, outputBytes: 2 ** 20 } });
      p.stdout.resume(); p.stderr.resume(); await p.exited;
    }
  }
  const c = process.cpuUsage(c0);
  console.log(mode, "main cpu ms/run", ((c.user + c.system) / 1000 / N).toFixed(2), "wall", ((performance.now() - t0) / N).toFixed(1));
  await runs[Symbol.asyncDispose]();
} else {
  const dir = await mkdtemp("/tmp/hand-");
  await writeFile(dir + "/agent.py", 'def main(inputs):\n    return "hello " + inputs["name"]\nprint(main({"name": "you"}))\n');
  const c0 = process.cpuUsage(); const t0 = performance.now();
  for (let i = 0; i < N; i++) await promisify(execFile)("bwrap", ["--unshare-all","--die-with-parent","--new-session","--proc","/proc","--dev","/dev","--tmpfs","/tmp","--ro-bind","/usr","/usr","--symlink","usr/bin","/bin","--symlink","usr/lib","/lib","--symlink","usr/lib64","/lib64","--bind",dir,"/app","--chdir","/app","--setenv","PATH","/usr/bin:/bin","--","python3","agent.py"], { env: {} });
  const c = process.cpuUsage(c0);
  console.log(mode, "main cpu ms/run", ((c.user + c.system) / 1000 / N).toFixed(2), "wall", ((performance.now() - t0) / N).toFixed(1));
}
