import { createRandom, shuffled } from "./random.ts";
import type { WebhookSettings } from "./settings.ts";
import type { Timers } from "./timers.ts";
import type { DeliveryView, Job } from "./webhook-sender.ts";

/** What webhooks suffer on their way, as the settings ask. */
export interface Trouble {
  /** Lets a webhook go: now, later, when it is released, or never. */
  dispatch(job: Job): void;
  /** Sends a delivered webhook again, as often as the settings ask. */
  repeat(job: Job): void;
  /** Releases what is held no longer; begins the draws anew where the seed is another. */
  settingsChanged(): void;
}

interface TroubleOptions {
  disturbance: () => WebhookSettings;
  timers: Timers;
  push: (job: Job) => void;
  onChange: (delivery: DeliveryView) => void;
}

/** Creates trouble. */
export function createTrouble({ disturbance, timers, push, onChange }: TroubleOptions): Trouble {
  let { seed } = disturbance();
  let random = createRandom(seed);
  let held: Job[] = [];
  const jitter = () => Math.round(random() * disturbance().jitter_ms);
  const pushAfter = (wait_ms: number, job: Job) => {
    if (wait_ms <= 0) push(job);
    else timers.after(wait_ms, () => push(job));
  };
  return {
    dispatch(job) {
      const { lose, hold } = disturbance();
      if (lose > 0 && random() < lose) {
        Object.assign(job.view, { state: "abandoned", last_error: "lost, as the settings ask" });
        onChange({ ...job.view });
      } else if (hold) held.push(job);
      else pushAfter(jitter(), job);
    },
    repeat(job) {
      const { repeat, repeat_after_ms } = disturbance();
      job.repeats_left ??= repeat;
      if (job.repeats_left === 0) return;
      job.repeats_left -= 1;
      pushAfter(repeat_after_ms + jitter(), job);
    },
    settingsChanged() {
      const settings = disturbance();
      if (settings.seed !== seed) {
        ({ seed } = settings);
        random = createRandom(seed);
      }
      if (settings.hold) return;
      const released = inOrder(held, settings.release, random);
      held = [];
      for (const job of released) push(job);
    },
  };
}

function inOrder(
  held: readonly Job[],
  release: WebhookSettings["release"],
  random: () => number,
): readonly Job[] {
  if (release === "in_order") return held;
  return release === "reversed" ? held.toReversed() : shuffled(held, random);
}
