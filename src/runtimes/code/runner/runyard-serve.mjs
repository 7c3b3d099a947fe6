// Stays alive and runs a shell command for one job after the other: how daemons of Node agents run. Standard input and
// output are those of runyard_serve.py; the first line is {"token", "entryPoint"}. A job's command finds its input in the
// file CHARM_INPUT_FILE.
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

let token = "";
let entryPoint = "";
const jobs = [];
let running = false;
let ended = false;

function say(what) {
  // In front a line break, which ends what the program printed without one.
  const bytes = Buffer.from(`\n${token} ${JSON.stringify(what)}\n`);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    if (line.trim() === "") return;
    const message = JSON.parse(line);
    if (token === "") {
      ({ token, entryPoint } = message);
      say({ ready: true });
    } else if ("ping" in message) {
      say({ pong: message.ping });
    } else {
      jobs.push(message);
      next();
    }
  })
  .on("close", () => {
    ended = true;
    next();
  });

function next() {
  if (running) return;
  const job = jobs.shift();
  if (job === undefined) {
    if (ended) process.exit(0);
    return;
  }
  running = true;
  const folder = mkdtempSync(join(tmpdir(), "job-"));
  const input = join(folder, "input.json");
  for (const source of job.copies ?? []) cpSync(source, folder, { recursive: true });
  writeFileSync(input, JSON.stringify(job.input));
  say({ started: job.job });
  const child = spawn("/bin/sh", ["-c", entryPoint], {
    // A job that brings files has a working directory of its own.
    cwd: job.workingDirectory ?? ((job.copies ?? []).length > 0 ? folder : process.cwd()),
    env: { ...process.env, ...job.environment, CHARM_INPUT_FILE: input },
    stdio: ["ignore", "inherit", "inherit"],
  });
  child.on("error", () => end(126));
  child.on("exit", (code) => end(code ?? 137));

  function end(exitCode) {
    rmSync(folder, { recursive: true, force: true });
    running = false;
    say({ done: job.job, exitCode });
    next();
  }
}
