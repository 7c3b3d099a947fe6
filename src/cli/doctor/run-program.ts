import { execFile } from "node:child_process";

/** The first line a program prints, or undefined when it is not there, fails, or takes longer than 5 seconds. */
export function firstLineOf(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: 5_000, maxBuffer: 65_536 }, (error, stdout, stderr) => {
      if (error !== null) return resolve(undefined);
      resolve((stdout.trim() || stderr.trim()).split("\n")[0]);
    });
  });
}

/** The first of several programs that answers, with its first line. */
export async function firstThatRuns(
  programs: readonly string[],
  args: readonly string[],
): Promise<{ program: string; line: string } | undefined> {
  for (const program of programs) {
    const line = await firstLineOf(program, args);
    if (line !== undefined) return { program, line };
  }
  return undefined;
}
