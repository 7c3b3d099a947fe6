const secretName =
  /^(authorization|cookie|set-cookie|proxy-authorization|masterkey|credential|credentials|auth)$|api[-_]?key|secret|password|passwd|token$|private[-_]?key/i;

/** Keys and passwords as they look inside a text: ours, the providers', bearer headers, and those in a URL. */
const secretText =
  /\b(ya_(?:live|test)_sk_|whsec_|sk-|gsk_|xai-|AIza|ghp_|Bearer )[A-Za-z0-9_\-.~+/]{8,}=*|(:\/\/[^\s:/@"\\]{0,200}:)[^\s/@"\\]{1,200}@/g;

const replacement = "[redacted]";
const deepest = 5;

/**
 * Log fields without what a key-like name holds, at any depth. Returns the same object when there is nothing to hide,
 * so that the usual line costs one walk and no copy.
 */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactObject(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    const shown = value !== undefined && secretName.test(name) ? replacement : redactValue(value, depth + 1);
    if (shown === value) continue;
    copy ??= { ...fields };
    copy[name] = shown;
  }
  return copy ?? fields;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > deepest) return "[deep]";
  if (Array.isArray(value)) {
    const shown = value.map((item: unknown) => redactValue(item, depth + 1));
    return shown.some((item, index) => item !== value[index]) ? shown : value;
  }
  // Errors, dates and the like are left to their serializers.
  return isPlainObject(value) ? redactObject(value, depth) : value;
}

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A text without the keys in it; their kind stays readable: `sk-[redacted]`. */
export function scrubSecrets(text: string): string {
  return text.replace(secretText, (_, prefix: string | undefined, address: string | undefined) =>
    address === undefined ? `${prefix ?? ""}${replacement}` : `${address}${replacement}@`,
  );
}

/** What is logged of an error: no own properties, which in libraries hold requests and headers. */
export function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  return {
    type: error.name,
    message: error.message,
    code: "code" in error && typeof error.code === "string" ? error.code : undefined,
    stack: error.stack,
    cause: error.cause === undefined || depth >= 3 ? undefined : describeError(error.cause, depth + 1),
  };
}
