const levelNames: Record<number, string> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};
const colours: Record<number, number> = { 10: 90, 20: 36, 30: 32, 40: 33, 50: 31, 60: 35 };

/** One JSON log line as a person in a terminal likes it: `12:01:02.123 info  engine  attempt started  attempt=2`. */
export function prettyLine(line: string, options: { colour: boolean }): string {
  const parsed: unknown = JSON.parse(line);
  if (typeof parsed !== "object" || parsed === null) return line;
  const { level, time, subsystem, msg, err, ...fields } = Object.fromEntries(Object.entries(parsed));
  const levelNumber = typeof level === "number" ? level : 30;
  const paint = (code: number, text: string) => (options.colour ? `\u001B[${code}m${text}\u001B[39m` : text);
  const parts = [
    paint(90, new Date(Number(time)).toISOString().slice(11, 23)),
    paint(colours[levelNumber] ?? 39, (levelNames[levelNumber] ?? String(levelNumber)).padEnd(5)),
    paint(90, String(subsystem ?? "").padEnd(9)),
    String(msg ?? ""),
    ...Object.entries(fields).map(([name, value]) => paint(90, `${name}=`) + fieldText(value)),
  ];
  return `${parts.join(" ")}\n${errorText(err)}`;
}

function fieldText(value: unknown): string {
  return typeof value === "string" && !/[\s"]/.test(value) ? value : JSON.stringify(value);
}

function errorText(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const stack: unknown = "stack" in error ? error.stack : undefined;
  return typeof stack === "string" ? `${stack.replaceAll(/^/gm, "  ")}\n` : "";
}
