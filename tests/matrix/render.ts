import { ACTORS } from "./actors.ts";
import type { Outcome } from "./attempts.ts";

export interface Line {
  object: string;
  operation: string;
  /** In the order of ACTORS. */
  outcomes: Outcome[];
}

export interface Section {
  title: string;
  lines: Line[];
}

const HEAD = `# Who can do what

Written by tests/matrix/matrix.test.ts, which finds every table, view, function and bucket in the catalogue and tries
each as everybody, through the REST API with real tokens. A change shows here as a difference to be judged, then
\`npx vitest run --project integration tests/matrix -u\`.

The rows that are tried belong to one tenant, and as far as they are about a conversation, to one that is assigned to
the agent «assigned». «agent» is another agent of the tenant; «contact» the person whom the conversation is with, where
the tenant lets contacts read; «stranger» has an account and nothing else.

**yes** done · **0** allowed, and nothing was found or changed · **–** refused · else the error's code`;

/** The matrix as Markdown, to be read by people. */
export function renderMatrix(sections: Section[]): string {
  return `${[HEAD, ...sections.map(renderSection)].join("\n\n")}\n`;
}

function renderSection({ title, lines }: Section): string {
  const head = ["", "", ...ACTORS];
  let last = "";
  const rows = lines.map(({ object, operation, outcomes }) => {
    const name = object === last ? "" : object;
    last = object;
    return [name, operation, ...outcomes];
  });
  if (rows.length === 0) return `## ${title}\n\nNone.`;
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((cells) => cells[column]?.length ?? 0)),
  );
  const show = (cells: string[], fill: string) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(" | ")} |`;
  const table = [
    show(head, " "),
    show(
      head.map(() => ""),
      "-",
    ),
  ];
  return `## ${title}\n\n${[...table, ...rows.map((cells) => show(cells, " "))].join("\n")}`;
}
