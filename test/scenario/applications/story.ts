import type { Application } from './application.ts';
import type { Event, Message, Rollout } from './event.ts';
import type { Tenant } from './tenants.ts';

/** How to read a golden file. */
export function legend({ name, failsHere }: Application): string {
  const failing = Object.entries(failsHere).map(([version, why]) => `${version} (${why})`);
  return [
    `${name}: the years of several tenants`,
    '',
    'Each line: the day, what came out or was asked for, and what was rolled out. Below it what UpdateAvailable says then. Left',
    'out are days on which nothing moved and nothing else was said, "No newer release", and messages that differ from an earlier',
    'one in their versions only. Of a row of messages with the same reason the first and the last are here.',
    `Fail in this cluster, because the test has it so: ${failing.join(', ')}.`,
    '',
  ].join('\n');
}

/** The life of one tenant, for people. */
export function story(tenant: Tenant, from: string, events: readonly Event[]): string {
  const lines = groups(events).flatMap((group) => lineOf(group) ?? []);
  return [
    `## ${tenant.name}`,
    `   ${JSON.stringify({ version: from, ...tenant.spec })}`,
    ...shortened(lines).map(inWords),
    `   In the end: ${ending(events)}`,
    '',
  ].join('\n');
}

export function runsInTheEnd(events: readonly Event[]): string | undefined {
  return events.findLast((event): event is Extract<Event, { kind: 'rollout' }> => isDone(event))?.to;
}

function isDone(event: Event): boolean {
  return event.kind === 'rollout' && !event.failed;
}

function ending(events: readonly Event[]): string {
  const rollouts = events.filter((event) => event.kind === 'rollout');
  const done = rollouts.filter(isDone).length - 1;
  const failed = rollouts.flatMap(({ to, failed }) => (failed ? [to] : []));
  const message = events.findLast((event) => event.kind === 'message');
  const [, named] = /^Set version (\S+) to take it/.exec(message?.text ?? '') ?? [];
  return [
    `${runsInTheEnd(events)} after ${done === 1 ? 'one upgrade' : `${done} upgrades`}`,
    ...(failed.length > 0 ? [`${failed.join(' and ')} failed`] : []),
    ...(named === undefined ? [] : [`${named} has to be set by name`]),
  ].join('; ');
}

interface Line {
  readonly day: string;
  readonly words: string;
  /** Something was rolled out, or asked for. */
  readonly moved: boolean;
  readonly message: Message | undefined;
}

/** Events of one moment, such as a release that comes out and all that follows from it. */
function groups(events: readonly Event[]): readonly (readonly Event[])[] {
  const found: Event[][] = [];
  for (const event of events) {
    const last = found.at(-1);
    if (last?.[0] && event.kind !== 'news' && event.kind !== 'wish' && dayOf(last[0]) === dayOf(event)) {
      last.push(event);
    } else {
      found.push([event]);
    }
  }
  return found;
}

function dayOf({ at }: Event): string {
  return at.slice(0, 10);
}

function lineOf([first, ...rest]: readonly Event[]): Line | undefined {
  if (!first) {
    return undefined;
  }
  const all = [first, ...rest];
  const rollouts = all.filter((event) => event.kind === 'rollout');
  const message = all.findLast((event) => event.kind === 'message');
  return {
    day: dayOf(first),
    words: [...causeOf(first), ...ways(rollouts)].join(': '),
    moved: rollouts.length > 0 || first.kind === 'wish',
    message: message?.reason === 'UpToDate' ? undefined : message,
  };
}

function causeOf(event: Event): readonly string[] {
  switch (event.kind) {
    case 'news':
      return [event.words];
    case 'wish':
      return [`the tenant sets ${event.field} ${event.value}`];
    case 'message':
      return ['time passes'];
    case 'rollout':
      return [];
  }
}

/** Rollouts one after the other as one way; one that failed leads nowhere. */
function ways(rollouts: readonly Rollout[]): readonly string[] {
  const found: string[] = [];
  let end: string | undefined;
  for (const { from, to, failed } of rollouts) {
    const step = failed ? `${to} fails, back to ${from}` : to;
    if (from === undefined) {
      found.push(`${to} is installed`);
    } else if (end === from) {
      found.push(`${found.pop() ?? ''} → ${step}`);
    } else {
      found.push(`${from} → ${step}`);
    }
    end = failed ? undefined : to;
  }
  return found.length === 0 ? [] : [found.join(', then ')];
}

/** Leaves out what was read before, and the middle of a row of messages with one reason. */
function shortened(lines: readonly Line[]): readonly (Line | number)[] {
  const shapes = new Set<string>();
  const read = lines.map((line) => {
    const shape = line.message && shapeOf(line.message);
    const isKnown = shape !== undefined && shapes.has(shape);
    shapes.add(shape ?? '');
    return isKnown ? { ...line, message: undefined } : line;
  });
  const rows: Line[][] = [];
  for (const line of read.filter(({ moved, message }) => moved || message)) {
    const row = rows.at(-1);
    const before = row?.at(-1);
    if (row && !line.moved && !before?.moved && before?.message?.reason === line.message?.reason) {
      row.push(line);
    } else {
      rows.push([line]);
    }
  }
  return rows.flatMap((row) => {
    const [first, last] = [row[0], row.at(-1)];
    return first && last && row.length > 2 ? [first, row.length - 2, last] : row;
  });
}

function shapeOf({ reason, text }: Message): string {
  return `${reason} ${text.replaceAll(/\d+\.\d+\.\d+(-\w+)?/g, '#')}`;
}

const WIDTH = 120;
const INDENT = ' '.repeat(12);

function inWords(line: Line | number): string {
  if (typeof line === 'number') {
    return `${INDENT}… ${line} more`;
  }
  const { day, words, message } = line;
  return [`${day}  ${words}`, ...(message ? wrapped(`${message.reason}: ${message.text}`) : [])].join('\n');
}

function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length >= WIDTH) {
      lines.push(`${INDENT}  ${word}`);
    } else {
      lines.splice(-1, 1, `${line} ${word}`);
    }
  }
  return lines;
}
