declare global {
  /** The hosted runtime's; elsewhere a process lives on by itself. */
  // eslint-disable-next-line no-var -- only var declares a global
  var EdgeRuntime: { waitUntil(work: Promise<unknown>): void } | undefined;
}

/** Lets work go on after the answer; its failure is the caller's to report. */
export type KeepAlive = (work: Promise<void>) => void;

export const keepAlive: KeepAlive = (work) => globalThis.EdgeRuntime?.waitUntil(work);
