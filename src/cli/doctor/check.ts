/** What one check of `runyard doctor` found. */
export interface Finding {
  name: string;
  /** `missing` counts against the exit code when the thing is required; `absent` is something one can do without. */
  state: "ok" | "absent" | "missing";
  detail: string;
  /** How to get it; only when it is not there. */
  remedy?: string;
}

export function found(name: string, detail: string): Finding {
  return { name, state: "ok", detail };
}

/** Not there, and only some features need it. */
export function absent(name: string, detail: string, remedy: string): Finding {
  return { name, state: "absent", detail, remedy };
}

/** Not there, and nothing works without it. */
export function missing(name: string, detail: string, remedy: string): Finding {
  return { name, state: "missing", detail, remedy };
}
