/** Sentences that the bench's messages are made of: always the same, in several scripts, few words very frequent. */
export function makeSentences(count: number): string[] {
  const random = createRandom(42);
  const languages = SCRIPTS.map((script) => ({ ...script, words: makeWords(script, random) }));
  return Array.from({ length: count }, () => {
    const pick = random();
    const language = languages.find(({ up_to }) => pick < up_to) ?? languages[0];
    if (language === undefined) throw new Error("no language");
    const length = 5 + Math.floor(random() * 9);
    const words = Array.from(
      { length },
      () => language.words[Math.floor(random() ** 3 * language.words.length)] ?? "",
    );
    // What people say all the time, and what they say now and then.
    if (random() < 0.2) words.unshift("Hello");
    if (random() < 0.01) words.push("invoice");
    return words.join(language.joint);
  });
}

interface Script {
  /** Sentences whose random number is below are of it. */
  up_to: number;
  letters: string;
  joint: string;
  vocabulary: number;
  longest: number;
}

const SCRIPTS: Script[] = [
  { up_to: 0.6, letters: "aeioubcdfghklmnprstvw", joint: " ", vocabulary: 8000, longest: 10 },
  { up_to: 0.7, letters: "aeiouäöüéñçbdfgklmnrst", joint: " ", vocabulary: 4000, longest: 10 },
  { up_to: 0.8, letters: "абвгдежзиклмнопрстуя", joint: " ", vocabulary: 4000, longest: 10 },
  { up_to: 0.88, letters: "ابتجحدرزسشعفقكلمنهوي", joint: " ", vocabulary: 3000, longest: 7 },
  { up_to: 0.94, letters: "कखगचजतदनपबमरलसहािीुे", joint: " ", vocabulary: 2000, longest: 7 },
  {
    up_to: 1,
    letters: "你好我的订单到哪里了想更改地址如果可以请问什么时候送",
    joint: "",
    vocabulary: 2000,
    longest: 3,
  },
];

function makeWords({ letters, vocabulary, longest }: Script, random: () => number): string[] {
  const alphabet = letters.split("");
  return Array.from({ length: vocabulary }, () =>
    Array.from(
      { length: 1 + Math.floor(random() * longest) },
      () => alphabet[Math.floor(random() * alphabet.length)],
    ).join(""),
  );
}

/** mulberry32: the same numbers in every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
