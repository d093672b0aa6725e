/** The Graph API version that every call is pinned to. v26.0: released 2026-07-29, good until about mid 2028. */
export const GRAPH_API_VERSION = "v26.0";
