import { beforeAll, describe, expect, it } from 'vitest';
import { ApiError } from '../../src/cluster/errors.ts';
import { KINDS } from './cluster/kinds.ts';
import type { ApiServer } from './cluster/server.ts';
import { describeStory } from './simulation/check.ts';
import { childWrites, misplacedChildren, outcomeOf } from './simulation/oracles/outcome.ts';
import { Simulation } from './simulation/simulation.ts';
import { STORIES, type Story } from './simulation/stories.ts';

/** The mishaps of a write that was carried out, and of the operator that sent it. */
const MISHAPS = ['crash', 'crash, the rest arrives', 'answer lost', 'answered by 500'] as const;

interface Mishap {
  /** The number of writes in the story before the mishap. 0: the operator is down while people act. */
  readonly afterWrite: number;
  readonly what: (typeof MISHAPS)[number];
}

/** Plays a story in an orderly simulation, with the mishap if there is one, and returns the simulation. */
async function tell(story: Story, mishap?: Mishap, isForgetful = false): Promise<Simulation> {
  const simulation = new Simulation({ seed: 1, isOrderly: true, isForgetful });
  story.before(simulation.server);
  await simulation.rest();
  const writesBefore = simulation.writes;
  const eventsBefore = simulation.events;
  simulation.onWrite = (write) => {
    if (mishap && write - writesBefore === mishap.afterWrite) {
      befall(simulation, mishap);
    }
  };
  simulation.note(`the story: ${story.name}`);
  if (mishap?.afterWrite === 0) {
    simulation.crash(() => false);
  }
  story.act(simulation.server);
  await simulation.rest();
  simulation.onWrite = undefined;
  simulation.writes -= writesBefore;
  simulation.events -= eventsBefore;
  await simulation.stopOperator();
  return simulation;
}

function befall(simulation: Simulation, { what }: Mishap): void {
  if (what === 'crash' || what === 'crash, the rest arrives') {
    simulation.crash(() => what !== 'crash');
    return;
  }
  const { process, exchange } = simulation;
  const request = process?.requests.find(({ call, outcome }) => outcome !== undefined && call.method !== 'GET');
  if (!process || !request) {
    throw new Error('A write was carried out that nobody waits for');
  }
  const { doing } = request.call;
  simulation.note(what);
  const error =
    what === 'answer lost'
      ? ApiError.unanswered(doing, new Error('ECONNRESET'))
      : ApiError.refused(doing, { status: 500, body: { kind: 'Status', reason: 'InternalError' } });
  exchange.lose(process, request, error, true);
}

/** The outcome without the history, which tells of rollouts whose records are gone. */
function withoutHistory(outcome: unknown): unknown {
  return JSON.parse(JSON.stringify(outcome, (name, value: unknown) => (name === 'history' ? undefined : value)));
}

/** Every Secret that was ever made: one that is made twice is here twice. */
function secretsMade(server: ApiServer): string[] {
  return server.history.filter(({ kind }) => kind === KINDS.Secret).map(({ key }) => key);
}

/** Whether each write is tried with all mishaps, as in `.ci/run`, which sets SEEDS. A check tries one per write, in turn. */
const isThorough = process.env['SEEDS'] !== undefined;

describe.each(STORIES)('$name', (story) => {
  let undisturbed: Simulation;
  beforeAll(async () => {
    undisturbed = await tell(story);
  });

  it('costs no more than its budget and leaves nothing behind', () => {
    const told = describeStory(story.name, undisturbed);
    expect(undisturbed.violations, told).toEqual([]);
    expect(misplacedChildren(undisturbed.server), told).toEqual([]);
    expect(undisturbed.writes, told).toBeLessThanOrEqual(story.writes);
    expect(undisturbed.events, told).toBeLessThanOrEqual(story.events);
  });

  it('writes the same to its children, and says the same in the end, whenever its status is wiped', async () => {
    const forgetful = await tell(story, undefined, true);

    const told = describeStory(story.name, forgetful);
    expect(forgetful.violations, told).toEqual([]);
    expect(childWrites(forgetful.server), told).toEqual(childWrites(undisturbed.server));
    expect(withoutHistory(outcomeOf(forgetful.server)), told).toEqual(withoutHistory(outcomeOf(undisturbed.server)));
  });

  it('ends the same after a mishap at any write', async () => {
    const expected = outcomeOf(undisturbed.server);

    for (let afterWrite = 0; afterWrite <= undisturbed.writes; afterWrite += 1) {
      for (const what of isThorough ? MISHAPS : [MISHAPS[afterWrite % MISHAPS.length]!]) {
        const told = await tell(story, { afterWrite, what });

        const journal = describeStory(`${story.name}, after write ${afterWrite}: ${what}`, told);
        expect(told.violations, journal).toEqual([]);
        expect(misplacedChildren(told.server), journal).toEqual([]);
        expect(outcomeOf(told.server), journal).toEqual(expected);
        expect(secretsMade(told.server), journal).toEqual(secretsMade(undisturbed.server));
      }
    }
  });
});
