/** Stores several things in one transaction, and answers for each in their order. */
export type CommitAll<Item, Result> = (items: Item[]) => Promise<Result[]>;

export interface GroupCommitOptions<Item> {
  /** Most that one transaction may take. */
  max_size: number;
  /** How much an item counts; one that is larger than max_size goes alone. */
  sizeOf: (item: Item) => number;
  /** Whether a failure would meet every item alike: a database that does not answer, say. */
  concernsAll: (error: unknown) => boolean;
  /** At least so long from one transaction to the next: fewer and larger ones. What comes alone waits for nobody. */
  interval_ms?: number;
}

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/**
 * Group commit: what comes while a transaction is under way waits, and goes together in the next. What comes
 * alone waits for nobody. Each item is answered by its own outcome: where a group fails, its items are tried
 * one by one, so that none fails for
 * another's sake.
 */
export function createGroupCommit<Item, Result>(
  commitAll: CommitAll<Item, Result>,
  options: GroupCommitOptions<Item>,
): (item: Item) => Promise<Result> {
  const queue: Waiting<Item, Result>[] = [];
  let is_committing = false;

  const commit = { all: commitAll, concernsAll: options.concernsAll };

  const drain = async (): Promise<void> => {
    is_committing = true;
    while (queue.length > 0) {
      const interval = sleep(options.interval_ms ?? 0);
      await commitGroup(takeGroup(queue, options), commit);
      await interval;
    }
    is_committing = false;
  };
  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, resolve, reject });
      if (!is_committing) void drain();
    });
}

async function sleep(duration_ms: number): Promise<void> {
  if (duration_ms > 0) await new Promise((resolve) => setTimeout(resolve, duration_ms));
}

function takeGroup<Item, Result>(
  queue: Waiting<Item, Result>[],
  { max_size, sizeOf }: GroupCommitOptions<Item>,
): Waiting<Item, Result>[] {
  let size = 0;
  const end = queue.findIndex(({ item }, index) => {
    size += sizeOf(item);
    return index > 0 && size > max_size;
  });
  return queue.splice(0, end === -1 ? queue.length : end);
}

interface Commit<Item, Result> {
  all: CommitAll<Item, Result>;
  concernsAll: (error: unknown) => boolean;
}

async function commitGroup<Item, Result>(
  group: Waiting<Item, Result>[],
  commit: Commit<Item, Result>,
): Promise<void> {
  try {
    const results = await commit.all(group.map(({ item }) => item));
    for (const [index, { resolve, reject }] of group.entries()) {
      const result = results[index];
      if (result === undefined) reject(new Error("a group commit answered for too few items"));
      else resolve(result);
    }
  } catch (error) {
    if (group.length === 1 || commit.concernsAll(error)) {
      for (const { reject } of group) reject(error);
    } else {
      for (const waiting of group) await commitGroup([waiting], commit);
    }
  }
}
