import type { BodyParameter, HeaderParameter } from "../outbound/template/parameters.ts";
import { fillIn, valueOf, variablesOf } from "./variables.ts";

export type Report = (field: string, problem: string, fix: string) => void;

interface DefinedText {
  /** "header" or "body". */
  name: string;
  /** With its variables. */
  text: string;
  /** How long it may be with its variables filled in. */
  max: number;
}

interface GivenText {
  parameters: readonly (BodyParameter | HeaderParameter)[];
  field: string;
}

/** Number, names, kinds and length of the parameters of a text. */
export function checkText(defined: DefinedText, given: GivenText, report: Report): void {
  const variables = variablesOf(defined.text);
  const { parameters, field } = given;
  const wrong = parameters.findIndex((parameter) => valueOf(parameter) === null);
  if (wrong >= 0) {
    const type = parameters[wrong]?.type ?? "";
    const problem = `is ${type}, the template's ${defined.name} is text`;
    report(`${field}.parameters[${wrong}].type`, problem, 'write "text"');
    return;
  }
  if (variables.length !== parameters.length) {
    const list = variables.map((name) => `{{${name}}}`).join(", ");
    const wanted = variables.length === 0 ? "none" : `${variables.length}: ${list}`;
    const problem = `has ${parameters.length} parameters for the ${defined.name}, the template ${wanted}`;
    report(field, problem, "give each variable its parameter");
  } else {
    checkNames(variables, given, report);
  }
  const { length } = fillIn(defined.text, parameters);
  if (length > defined.max) {
    const problem = `makes a ${defined.name} of ${length} characters, ${defined.max} are allowed`;
    report(field, problem, "shorten the parameters");
  }
}

function checkNames(
  variables: readonly string[],
  { parameters, field }: GivenText,
  report: Report,
): void {
  const is_named = variables.some((name) => !/^\d+$/.test(name));
  for (const [index, parameter] of parameters.entries()) {
    const name = "parameter_name" in parameter ? parameter.parameter_name : undefined;
    const at = `${field}.parameters[${index}].parameter_name`;
    if (!is_named && name !== undefined) {
      report(at, "is given, the template's variables are numbered", "remove it");
    }
    if (is_named && (name === undefined || !variables.includes(name))) {
      const problem = name === undefined ? "is missing" : "is not in the template";
      report(at, problem, `write one of ${variables.join(", ")}`);
    }
  }
}
