import { GRAPH_API_VERSION } from "../version.ts";
import { InvalidRequestError } from "./errors.ts";

/** The address of the Graph API with its version. Throws InvalidRequestError for what cannot be one. */
export function resolveRoot(base_url: string, version: string): string {
  const url = URL.canParse(base_url) ? new URL(base_url) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new InvalidRequestError("base_url: must be a URL such as https://graph.facebook.com");
  }
  if (!/^v\d+\.\d+$/.test(version)) {
    throw new InvalidRequestError(`version: must be as in ${GRAPH_API_VERSION}`);
  }
  return `${base_url.replace(/\/+$/, "")}/${version}`;
}

/** An id as part of a path; `name` is what the caller calls it. */
export function checkId(name: string, id: string): string {
  // A slash or dots would turn the call, with our token, into another one.
  if (/^[A-Za-z0-9_-]+$/.test(id)) return id;
  throw new InvalidRequestError(`${name}: must be the id from Meta, letters and digits only`);
}

/** Adds the parameters that are given. */
export function withQuery(url: string, query: Record<string, string | undefined>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => {
    return entry[1] !== undefined;
  });
  return given.length === 0 ? url : `${url}?${new URLSearchParams(given).toString()}`;
}
