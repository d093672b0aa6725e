import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    pool: "forks",
    // postgres.js 3.4.9 writes to a socket that is gone, where the server is killed in the middle of a query; the
    // query itself fails as it should, and is what a test looks at.
    onUnhandledError: (error) =>
      !(
        error.message.includes("reading 'write'") &&
        error.stack?.includes("postgres/src/connection.js") === true
      ),
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "supabase/functions/**/*.test.ts"],
          exclude: ["**/*.integration.test.ts", "**/node_modules/**"],
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["packages/*/src/**/*.integration.test.ts", "tests/**/*.test.ts"],
          globalSetup: ["tests/support/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
