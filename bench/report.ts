export interface Figure {
  name: string;
  value: number;
  unit: string;
  /** Of how many runs the value is the median, and between what they lay. */
  runs: number;
  min: number;
  max: number;
}

export interface Report {
  /** What is compared, measured side by side in one run: these machines are noisy. */
  ratios: Record<string, number>;
  figures: Figure[];
}

export type Benchmark = (tell: (line: string) => void) => Promise<Report>;

export function summarise(name: string, unit: string, values: number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return {
    name,
    value: round(middle),
    unit,
    runs: sorted.length,
    min: round(sorted[0] ?? Number.NaN),
    max: round(sorted.at(-1) ?? Number.NaN),
  };
}

export function round(value: number): number {
  return Number(value.toPrecision(4));
}

export function formatReport(name: string, { ratios, figures }: Report): string {
  const rows = figures.map((figure) => [
    figure.name,
    `${figure.value} ${figure.unit}`,
    `${figure.min} – ${figure.max}`,
    `${figure.runs} runs`,
  ]);
  const ratioRows = Object.entries(ratios).map(([key, value]) => [key, String(value), "", "ratio"]);
  return `\n${name}\n${formatTable([["", "median", "min – max", ""], ...rows, ...ratioRows])}\n`;
}

function formatTable(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("   ")}`)
    .join("\n");
}
