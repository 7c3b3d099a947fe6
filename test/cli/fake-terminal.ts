import { PassThrough, Writable } from "node:stream";
import type { Terminal } from "../../src/cli/terminal.ts";

/** A terminal whose output a test can read and whose signals it can send. */
export interface FakeTerminal extends Terminal {
  output(): string;
  errors(): string;
  send(signal: "SIGINT" | "SIGTERM"): void;
}

/** @param options.isTTY whether all three streams say they are a terminal */
export function fakeTerminal(
  environment: Record<string, string> = {},
  options: { isTTY?: boolean } = {},
): FakeTerminal {
  const written = { stdout: "", stderr: "" };
  const callbacks = new Map<string, Set<() => void>>();
  const collector = (name: "stdout" | "stderr") =>
    Object.assign(
      new Writable({
        write(chunk, _encoding, done) {
          written[name] += String(chunk);
          done();
        },
      }),
      options,
    );
  return {
    stdin: Object.assign(new PassThrough(), options),
    stdout: collector("stdout"),
    stderr: collector("stderr"),
    environment,
    onSignal(signal, callback) {
      const registered = callbacks.get(signal) ?? new Set();
      callbacks.set(signal, registered.add(callback));
      return () => registered.delete(callback);
    },
    output: () => written.stdout,
    errors: () => written.stderr,
    send: (signal) => callbacks.get(signal)?.forEach((callback) => callback()),
  };
}
