import { defineConfig } from "vitest/config";

/** Everything once; the API over Postgres besides, in a second project. */
export default defineConfig({
  test: {
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: "sqlite", include: ["src/**/*.test.ts", "test/**/*.test.ts"] } },
      {
        extends: true,
        test: { name: "postgres", include: ["test/api/**/*.test.ts"], env: { RUNYARD_TEST_DATABASE: "postgres" } },
      },
    ],
  },
});
