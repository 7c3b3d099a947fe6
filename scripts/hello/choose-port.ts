import { createServer } from "node:net";

/** The wanted port when nothing listens there, else 0, for which the system picks a free one. */
export async function choosePort(host: string, wanted: number): Promise<number> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once("error", reject);
      probe.listen({ host, port: wanted }, resolve);
    });
    return wanted;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return 0;
    throw error;
  } finally {
    await new Promise<void>((resolve) => probe.close(() => resolve()));
  }
}
