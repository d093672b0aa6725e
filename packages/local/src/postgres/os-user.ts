import { execFileSync } from "node:child_process";
import { isRoot } from "./home.ts";

/** The operating system's user that Postgres runs as when the stack is started by root. */
const POSTGRES_OS_USER = "wabase";

export interface OsUser {
  uid: number;
  gid: number;
}

/**
 * The user to run Postgres as: null means «as whoever runs the stack». Under root it is a system user
 * of its own, made at first need (initdb refuses root, and refuses a user id without a name).
 *
 * @throws Error that names the fix, where no such user exists and none can be made.
 */
export function resolvePostgresUser(): OsUser | null {
  if (!isRoot()) return null;
  const existing = lookUp(POSTGRES_OS_USER);
  if (existing !== null) return existing;
  try {
    execFileSync("useradd", ["--system", "--user-group", "--no-create-home", POSTGRES_OS_USER], {
      stdio: "pipe",
    });
  } catch (cause) {
    // Another stack that starts at the same moment may have made it.
    if (lookUp(POSTGRES_OS_USER) === null) {
      throw new Error(
        `Postgres does not run as root, and the user «${POSTGRES_OS_USER}» could not be made. ` +
          `Start as an ordinary user, or run: useradd --system ${POSTGRES_OS_USER}`,
        { cause },
      );
    }
  }
  const made = lookUp(POSTGRES_OS_USER);
  if (made === null) throw new Error(`useradd made no user «${POSTGRES_OS_USER}»`);
  return made;
}

function lookUp(name: string): OsUser | null {
  try {
    return { uid: idOf("-u", name), gid: idOf("-g", name) };
  } catch {
    return null;
  }
}

function idOf(flag: "-u" | "-g", name: string): number {
  return Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: "pipe" }).trim());
}
