import { effortOf, faultOfInput } from '../../api/input-schema.ts';
import { isReserved, type OperatorConfig } from '../../api/operator-config.ts';
import { envOf, type UserInput } from '../../api/user-input.ts';

type Reserving = Pick<OperatorConfig, 'reservedEnvNames' | 'unreservedEnvNames'>;

/** Of all defaults of one release, in the units of `effortOf`: a catalogue is read whole whenever it changes. */
const MOST_EFFORT = 400_000;

/** Why the inputs of a published version cannot be asked for, if so. */
export function faultOfInputs(inputs: readonly UserInput[] = [], operator: Reserving): string | undefined {
  const effort = inputs.reduce((sum, input) => sum + effortOf(input, input.default ?? ''), 0);
  const fault =
    effort > MOST_EFFORT
      ? 'patterns and defaults take too long to judge'
      : (inputs.map(faultOfInput).find((f) => f !== undefined) ?? faultOfNames(inputs, operator));
  return fault && `userInputs: ${fault}`;
}

function faultOfNames(inputs: readonly UserInput[], operator: Reserving): string | undefined {
  const names = new Map<string, string>();
  const variables = new Map<string, string>();
  for (const input of inputs) {
    const variable = envOf(input);
    // Objects are named after inputs, in small letters.
    const namesake = names.get(secretPart(input.name));
    if (namesake !== undefined) {
      return `"${input.name}" and "${namesake}" have names that are too much alike`;
    }
    const other = variables.get(variable);
    if (other !== undefined) {
      return `"${input.name}" and "${other}" set the same variable "${variable}"`;
    }
    if (isReserved(variable, operator)) {
      return `"${input.name}" sets the variable "${variable}", which is reserved`;
    }
    names.set(secretPart(input.name), input.name);
    variables.set(variable, input.name);
  }
  return undefined;
}

/** The name of an input as a part of the name of an object. */
export function secretPart(input: string): string {
  return input
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/-$/, '');
}
