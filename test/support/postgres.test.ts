import { Client } from "pg";
import { expect, it } from "vitest";
import { testDatabaseUrl } from "./postgres.ts";

async function connect(url: string): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: url });
  // Dropping a database under an open connection ends it, which is an event and not a failed query.
  client.on("error", () => {});
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

it("gives each caller an empty database of its own, gone when disposed", async () => {
  let url: string;
  {
    await using first = await testDatabaseUrl();
    await using second = await testDatabaseUrl();
    url = first.url;
    await using one = await connect(first.url);
    await using other = await connect(second.url);
    await one.query("CREATE TABLE mine (id int)");
    expect((await other.query("SELECT to_regclass('mine') AS found")).rows).toEqual([{ found: null }]);
  }
  await expect(connect(url)).rejects.toThrow("does not exist");
});
