import type { Simulation } from './simulation.ts';

const MOST_LINES = 120;

/** Describes a failing seed: the violations, how to replay it, and the last lines of its journal. */
export function describeFailure(
  seed: number,
  { violations, journal, isForgetful }: Simulation,
  mostLines = MOST_LINES,
): string {
  return `Seed ${seed}: ${violations.join('; ')}
Replay: SEED=${seed}${isForgetful ? ' FORGETFUL=1' : ''} npx vitest run --project scenario test/scenario/simulation.test.ts
${lastLines(journal, mostLines)}`;
}

/** Describes a failing story: the violations and the last lines of its journal. */
export function describeStory(name: string, { violations, journal }: Simulation): string {
  return `${[name, ...violations].join('; ')}\n${lastLines(journal, MOST_LINES)}`;
}

function lastLines(journal: readonly string[], most: number): string {
  const shown = journal.slice(-most);
  const left = journal.length - shown.length;
  return `${left > 0 ? `… ${left} lines before …\n` : ''}${shown.join('\n')}`;
}
