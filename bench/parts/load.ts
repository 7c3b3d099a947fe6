import autocannon from "autocannon";

export interface Load {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  failed: number;
}

/** POSTs to `url` from this process, which should not be the server's. */
export async function load(
  url: string,
  options: { callers: number; seconds: number; body?: string; headers?: Record<string, string> },
): Promise<Load> {
  const latencies: number[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<autocannon.Result>();
  const run = autocannon(
    {
      url,
      method: "POST",
      connections: options.callers,
      duration: options.seconds,
      body: options.body,
      headers: options.headers,
    },
    (error: unknown, finished) => (finished === undefined ? reject(error) : resolve(finished)),
  );
  // The tool's own histogram counts whole milliseconds.
  run.on("response", (_client, _status, _bytes, milliseconds) => latencies.push(milliseconds));
  const result = await promise;
  latencies.sort((a, b) => a - b);
  return {
    perSecond: latencies.length / result.duration,
    p50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? Number.NaN,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
    failed: result.errors + result.non2xx,
  };
}
